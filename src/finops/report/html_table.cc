#include "finops/report/html_table.h"

#include <nlohmann/json.hpp>

#include "finops/report/texts.h"

namespace finops::report {
namespace {

constexpr std::size_t kMostLetters = 240, kLongText = 48;

bool holds_codes(const ResultColumn& column) {
  return column.name == "reasons" || column.name == "flags";
}

std::string sample_cell(const ResultColumn& column, const std::optional<std::string>& cell) {
  if (!cell) return "<td class=\"null\">null</td>";
  if (column.form == CellForm::kNumber) return number_cell(trimmed_decimal(*cell));
  if (holds_codes(column)) return "<td>" + codes_html(*cell) + "</td>";
  const std::string text = shortened(*cell, kMostLetters);
  const bool is_long = text.size() > kLongText;
  return (is_long ? "<td class=\"long\">" : "<td>") + escaped(text) + "</td>";
}

std::string head(const std::string& name, bool is_number) {
  return (is_number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">") + escaped(name) +
         "</th>";
}

std::string scrolling(const std::string& label, const std::string& begin, const std::string& heads,
                      const std::string& rows) {
  return "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" + escaped(label) +
         "\">" + begin + "<thead><tr>" + heads + "</tr></thead><tbody>\n" + rows +
         "</tbody></table></div>\n";
}

}  // namespace

std::string table(const std::string& label, const std::vector<std::string>& columns,
                  const std::string& rows) {
  std::string heads;
  for (const auto& name : columns) {
    const bool is_number = name.starts_with('#');
    heads += head(is_number ? name.substr(1) : name, is_number);
  }
  return scrolling(label, "<table>", heads, rows);
}

std::string text_cell(const std::string& text) { return "<td>" + escaped(text) + "</td>"; }

std::string number_cell(const std::string& text) {
  return "<td class=\"n\">" + escaped(text) + "</td>";
}

std::string row_head(const std::string& text) {
  return "<th scope=\"row\">" + escaped(text) + "</th>";
}

std::string codes_html(const std::string& codes) {
  const auto parsed = nlohmann::json::parse(codes, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_array()) return escaped(codes);
  std::string html;
  for (const auto& code : parsed) {
    const std::string text = code.is_string() ? code.get<std::string>() : code.dump();
    html += "<span class=\"chip\">" + escaped(text) + "</span>";
  }
  return html;
}

std::string sample_table(const RowSample& sample, const std::string& caption) {
  std::string heads, rows;
  for (const auto& column : sample.columns) {
    heads += head(column.name, column.form == CellForm::kNumber);
  }
  for (const auto& row : sample.rows) {
    rows += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) rows += sample_cell(sample.columns[i], row[i]);
    rows += "</tr>\n";
  }
  const std::string begin = "<table class=\"rows\"><caption>" + escaped(caption) + "</caption>";
  return scrolling(caption, begin, heads, rows);
}

}  // namespace finops::report
