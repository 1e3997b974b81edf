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

}  // namespace

std::string table_head(std::initializer_list<const char*> names) {
  std::string html = "<thead><tr>";
  for (const std::string name : names) {
    const bool is_number = name.starts_with('#');
    html += is_number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">";
    html += escaped(is_number ? name.substr(1) : name) + "</th>";
  }
  return html + "</tr></thead>";
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
  // A region that scrolls has to be reached by the keyboard, and so has to have a name.
  std::string html = "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" +
                     escaped(caption) + "\"><table class=\"rows\"><caption>" + escaped(caption) +
                     "</caption><thead><tr>";
  for (const auto& column : sample.columns) {
    html +=
        column.form == CellForm::kNumber ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">";
    html += escaped(column.name) + "</th>";
  }
  html += "</tr></thead><tbody>\n";
  for (const auto& row : sample.rows) {
    html += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) html += sample_cell(sample.columns[i], row[i]);
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

}  // namespace finops::report
