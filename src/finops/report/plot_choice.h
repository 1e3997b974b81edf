#pragma once

#include <optional>
#include <string>
#include <vector>

#include "finops/datasets/project.h"
#include "finops/engines/sql_engine.h"

namespace finops::report {

/// How a table is drawn: which columns, not yet their values.
struct PlotChoice {
  enum class Kind { kLine, kBar };
  Kind kind = Kind::kLine;
  std::string x;  // kLine: a date, a timestamp or a text of one; kBar: any column, or empty
  bool x_is_text = false;
  std::string y;       // a number
  std::string series;  // kLine: empty for one line
};

/// The first column of dates; else the first text that is called a month, day, date or period; null
/// where there is none.
const ResultColumn* date_column(const std::vector<ResultColumn>& columns);

/// As the model's file says, else: a line of the first decimal over the dates, by the first text;
/// without dates a bar of the first decimal for each value of the first text. Without decimals the
/// first whole number serves. Nothing where the table has no such columns, where the file says
/// "none", and where it names a column that the table does not have (yet).
std::optional<PlotChoice> choose_plot(const datasets::ModelPlot& wish,
                                      const std::vector<ResultColumn>& columns);

}  // namespace finops::report
