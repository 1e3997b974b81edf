#include "finops/report/plot_choice.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace finops::report {
namespace {

using datasets::ModelPlot;

bool is_date(const ResultColumn& column) {
  return column.type == "DATE" || column.type.starts_with("TIMESTAMP");
}
bool is_text(const ResultColumn& column) { return column.type == "VARCHAR"; }
bool is_number(const ResultColumn& column) { return column.form == CellForm::kNumber; }
bool is_decimal(const ResultColumn& column) { return column.type.starts_with("DECIMAL"); }

bool is_called_a_date(const ResultColumn& column) {
  static constexpr std::array<std::string_view, 4> kNames = {"month", "date", "day", "period"};
  return is_text(column) && std::ranges::any_of(kNames, [&](std::string_view name) {
           return column.name == name || column.name.ends_with("_" + std::string(name));
         });
}

template <typename Fits>
const ResultColumn* first(const std::vector<ResultColumn>& columns, const Fits& fits) {
  const auto it = std::ranges::find_if(columns, fits);
  return it == columns.end() ? nullptr : &*it;
}

const ResultColumn* named(const std::vector<ResultColumn>& columns, const std::string& name) {
  return first(columns, [&](const ResultColumn& column) { return column.name == name; });
}

/// The column that is wished, or where none is the first that fits; null where it is not there.
template <typename Fits>
const ResultColumn* wished_or_first(const std::vector<ResultColumn>& columns,
                                    const std::string& wish, const Fits& fits) {
  return wish.empty() ? first(columns, fits) : named(columns, wish);
}

std::optional<PlotChoice> line(const ModelPlot& wish, const std::vector<ResultColumn>& columns,
                               const std::string& y) {
  const ResultColumn* date = wish.x.empty() ? date_column(columns) : named(columns, wish.x);
  if (date == nullptr || (!is_date(*date) && !is_text(*date))) return std::nullopt;
  const ResultColumn* series = wished_or_first(
      columns, wish.series,
      [&](const ResultColumn& column) { return is_text(column) && column.name != date->name; });
  if (series == nullptr && !wish.series.empty()) return std::nullopt;
  return PlotChoice{PlotChoice::Kind::kLine, date->name, is_text(*date), y,
                    series == nullptr ? "" : series->name};
}

std::optional<PlotChoice> bar(const ModelPlot& wish, const std::vector<ResultColumn>& columns,
                              const std::string& y) {
  const ResultColumn* label = wished_or_first(columns, wish.x, is_text);
  if (label == nullptr) return std::nullopt;
  return PlotChoice{PlotChoice::Kind::kBar, label->name, false, y, ""};
}

}  // namespace

const ResultColumn* date_column(const std::vector<ResultColumn>& columns) {
  const ResultColumn* column = first(columns, is_date);
  return column == nullptr ? first(columns, is_called_a_date) : column;
}

std::optional<PlotChoice> choose_plot(const ModelPlot& wish,
                                      const std::vector<ResultColumn>& columns) {
  if (wish.kind == ModelPlot::Kind::kNone) return std::nullopt;
  const ResultColumn* y = wished_or_first(columns, wish.y, is_decimal);
  if (y == nullptr && wish.y.empty()) y = first(columns, is_number);
  if (y == nullptr || !is_number(*y)) return std::nullopt;
  if (wish.kind == ModelPlot::Kind::kBar) return bar(wish, columns, y->name);
  const bool has_dates = !wish.x.empty() || date_column(columns) != nullptr;
  if (wish.kind == ModelPlot::Kind::kLine || has_dates) return line(wish, columns, y->name);
  return bar(wish, columns, y->name);
}

}  // namespace finops::report
