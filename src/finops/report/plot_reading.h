#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "finops/datasets/project.h"
#include "finops/engines/sql_engine.h"
#include "finops/report/plot.h"
#include "finops/report/plot_choice.h"

namespace finops::report {

/// What a plot shows of a table, grouped by the engine: at most 400 dates (by month or year where
/// there are more) of six series and the others together, or 15 bars. `table` is as SQL names it.
/// Nothing where no row can be drawn.
std::optional<Plot> read_plot(SqlEngine& engine, const std::string& table, const PlotChoice& choice,
                              const std::stop_token& stop);

/// The MAD scores of a table's anomalies over a column of dates: at most 2,000, the greatest
/// whatever their sign. `series` are the severities.
std::optional<Plot> read_score_plot(SqlEngine& engine, const std::string& table,
                                    const ResultColumn& date, const datasets::AnomalyStep& step,
                                    const std::stop_token& stop);

/// The severity of a row of an anomaly step, as SQL: a number, 0 for the worst of severities().
inline constexpr const char* kSeveritySql =
    "CASE WHEN abs(mad_score) >= 10 THEN 0 WHEN abs(mad_score) >= 6 THEN 1 ELSE 2 END";

struct Severity {
  const char *name, *description;
};
inline constexpr Severity kSeverities[] = {{"critical", "MAD score of 10 or more"},
                                           {"high", "6 or more"},
                                           {"medium", "less, or no score"}};

}  // namespace finops::report
