#include "finops/report/plot_reading.h"

#include <algorithm>
#include <set>
#include <utility>

#include "finops/engines/sql_text.h"
#include "finops/report/axis.h"
#include "finops/report/exact_sums.h"
#include "finops/report/query_rows.h"
#include "finops/report/texts.h"

namespace finops::report {
namespace {

constexpr int kMostDates = 400, kMostSeries = 6, kMostBars = 15, kMostDots = 2000;

std::string text_of(const std::string& column) {
  return "coalesce(CAST(" + quoted_identifier(column) + " AS VARCHAR), '(none)')";
}

/// A column as a date: texts are "YYYY-MM" or begin with "YYYY-MM-DD"; NULL for others.
std::string date_of(const std::string& column, bool is_text) {
  const std::string name = quoted_identifier(column);
  if (!is_text) return "CAST(" + name + " AS DATE)";
  return "TRY_CAST(CASE WHEN length(" + name + ") = 7 THEN " + name + " || '-01' ELSE left(" +
         name + ", 10) END AS DATE)";
}

std::string remark_of(std::int64_t rows, const std::string& why) {
  if (rows == 0) return "";
  return count_text(rows) + (rows == 1 ? " row " : " rows ") + why;
}

class LineReading {
 public:
  LineReading(SqlEngine& engine, const std::string& table, const PlotChoice& choice,
              std::stop_token stop)
      : engine_(engine),
        choice_(choice),
        stop_(std::move(stop)),
        rows_("SELECT " + date_of(choice.x, choice.x_is_text) + " AS d, " +
              (choice.series.empty() ? "''" : text_of(choice.series)) + " AS s, " +
              quoted_identifier(choice.y) + " AS y FROM " + table) {}

  std::optional<Plot> read() {
    const auto bucket = bucket_of_dates();
    if (!bucket) return std::nullopt;
    read_points(*bucket);
    plot_.is_monthly = std::ranges::all_of(plot_.points, [](const auto& point) {
      return date_text(point.day, false).ends_with("-01");
    });
    plot_.x_name = choice_.x;
    plot_.y_name = choice_.y;
    plot_.title = choice_.y + " by " + choice_.x;
    if (!choice_.series.empty()) plot_.title += " and " + choice_.series;
    return std::move(plot_);
  }

 private:
  /// What dates are cut to: "day", or what leaves few enough of them.
  std::optional<std::string> bucket_of_dates() {
    const auto extent = query_rows(engine_,
                                   "SELECT count(*) FILTER (WHERE d IS NULL), count(DISTINCT d), "
                                   "count(DISTINCT date_trunc('month', d)) FROM (" +
                                       rows_ + ") WHERE y IS NOT NULL",
                                   stop_);
    const ResultRow& row = extent.rows.at(0);
    plot_.remark = remark_of(integer_of(row[0]), "without a date are not drawn");
    const std::int64_t days = integer_of(row[1]);
    if (days == 0) return std::nullopt;
    if (days <= kMostDates) return "day";
    return integer_of(row[2]) <= kMostDates ? "month" : "year";
  }

  void read_points(const std::string& bucket) {
    // Which series are the greatest is told by sums without sign: credits count as much as charges.
    const auto found = query_rows(
        engine_,
        "WITH r AS (" + rows_ + "), top AS (SELECT s, row_number() OVER (ORDER BY " +
            size_order_sql("t") + ", s) AS n FROM (SELECT s, " + sum_sql("abs(y)", "t") +
            " FROM r WHERE d IS NOT NULL AND y IS NOT NULL GROUP BY s) QUALIFY n <= " +
            std::to_string(kMostSeries) + ") SELECT CAST(CAST(date_trunc('" + bucket +
            "', d) AS DATE) AS VARCHAR), coalesce(n, 0), CASE WHEN n IS NULL THEN '' ELSE min(s) "
            "END, " +
            sum_sql("y", "y") +
            " FROM r LEFT JOIN top USING (s) WHERE d IS NOT NULL AND y IS NOT NULL "
            "GROUP BY date_trunc('" +
            bucket + "', d), n ORDER BY 1, 2",
        stop_);
    std::set<std::int64_t> numbers;
    for (const ResultRow& row : found.rows) numbers.insert(integer_of(row[1]));
    plot_.has_others = numbers.contains(0);
    plot_.series.resize(numbers.size());
    if (plot_.has_others) plot_.series.back() = "other";
    for (const ResultRow& row : found.rows) {
      const std::int64_t number = integer_of(row[1]);
      const std::size_t series =
          number == 0 ? plot_.series.size() - 1 : static_cast<std::size_t>(number) - 1;
      if (number > 0) plot_.series[series] = row[2].value_or("");
      const std::string sum = sum_text(row, 3);
      plot_.points.push_back({day_of(row[0].value_or("")), "", series, double_of(sum), sum});
    }
  }

  SqlEngine& engine_;
  const PlotChoice& choice_;
  const std::stop_token stop_;
  const std::string rows_;
  Plot plot_;
};

std::optional<Plot> read_bars(SqlEngine& engine, const std::string& table, const PlotChoice& choice,
                              const std::stop_token& stop) {
  const auto found =
      query_rows(engine,
                 "SELECT l, t_whole, t_rest, count(*) OVER () FROM (SELECT " + text_of(choice.x) +
                     " AS l, " + sum_sql(quoted_identifier(choice.y), "t") + " FROM " + table +
                     " GROUP BY l) WHERE t_whole IS NOT NULL ORDER BY " + size_order_sql("t") +
                     ", l LIMIT " + std::to_string(kMostBars),
                 stop);
  if (found.rows.empty()) return std::nullopt;
  Plot plot;
  plot.kind = Plot::Kind::kBar;
  plot.title = choice.y + " by " + choice.x;
  plot.x_name = choice.x;
  plot.y_name = choice.y;
  for (const ResultRow& row : found.rows) {
    const std::string sum = sum_text(row, 1);
    plot.points.push_back({0, row[0].value_or(""), 0, double_of(sum), sum});
  }
  const std::int64_t more =
      integer_of(found.rows[0][3]) - static_cast<std::int64_t>(found.rows.size());
  if (more > 0) plot.remark = "the " + count_text(more) + " others are not drawn";
  return plot;
}

/// What a dot is: the judged amount and its group.
std::string dot_label(const datasets::AnomalyStep& step) {
  std::string sql = quoted_literal(step.amount + " ") + " || CAST(" +
                    quoted_identifier(step.amount) + " AS VARCHAR)";
  for (const auto& column : step.group_by) sql += " || ', ' || " + text_of(column);
  return sql;
}

}  // namespace

std::optional<Plot> read_plot(SqlEngine& engine, const std::string& table, const PlotChoice& choice,
                              const std::stop_token& stop) {
  if (choice.kind == PlotChoice::Kind::kBar) return read_bars(engine, table, choice, stop);
  return LineReading(engine, table, choice, stop).read();
}

std::optional<Plot> read_score_plot(SqlEngine& engine, const std::string& table,
                                    const ResultColumn& date, const datasets::AnomalyStep& step,
                                    const std::stop_token& stop) {
  const std::string day = date_of(date.name, date.type == "VARCHAR");
  const auto found = query_rows(engine,
                                "SELECT CAST(" + day + " AS VARCHAR), " + kSeveritySql +
                                    ", mad_score, " + dot_label(step) + ", count(*) OVER () FROM " +
                                    table + " WHERE is_anomaly AND mad_score IS NOT NULL AND " +
                                    day + " IS NOT NULL ORDER BY abs(mad_score) DESC, 1, 4 LIMIT " +
                                    std::to_string(kMostDots),
                                stop);
  if (found.rows.empty()) return std::nullopt;
  Plot plot;
  plot.kind = Plot::Kind::kStrip;
  plot.title = "mad_score of anomalies by " + date.name;
  plot.x_name = date.name;
  plot.y_name = "mad_score";
  for (const Severity& severity : kSeverities) plot.series.emplace_back(severity.name);
  for (const ResultRow& row : found.rows) {
    plot.points.push_back({day_of(row[0].value_or("")), row[3].value_or(""),
                           static_cast<std::size_t>(integer_of(row[1])), double_of(row[2]),
                           trimmed_decimal(row[2].value_or(""))});
  }
  const std::string threshold = step.mad_threshold.to_string();
  plot.guides = {double_of(threshold)};
  if (std::ranges::any_of(plot.points, [](const auto& point) { return point.y < 0; })) {
    plot.guides.push_back(-plot.guides[0]);
  }
  const std::int64_t more =
      integer_of(found.rows[0][4]) - static_cast<std::int64_t>(found.rows.size());
  if (more > 0) plot.remark = "the " + count_text(more) + " lesser ones are not drawn";
  return plot;
}

}  // namespace finops::report
