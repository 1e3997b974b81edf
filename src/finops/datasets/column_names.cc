#include "finops/datasets/column_names.h"

#include <algorithm>
#include <array>

#include "finops/config/nearest_name.h"
#include "finops/core/ascii_case.h"

namespace finops::datasets {

bool is_identifier(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_inner = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, is_inner);
}

std::string identifier_advice() { return "write a to z, 0 to 9 and _, a letter first"; }

bool is_added_column(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kAdded = {"source_file", "source_line",
                                                             "ingestion_time", "flags", "reasons"};
  return std::ranges::find(kAdded, ascii_lower(name)) != kAdded.end();
}

std::string advice(std::string_view name, const std::vector<std::string>& known,
                   std::string_view what) {
  if (const auto near = nearest_name(name, known)) return "; did you mean '" + *near + "'?";
  if (known.empty()) return "; there are no " + std::string(what);
  std::string list;
  for (const std::string& one : known) list += (list.empty() ? "" : ", ") + one;
  return "; the " + std::string(what) + " are " + list;
}

bool ColumnNames::add(std::string_view name, std::optional<ColumnType> type) {
  const std::string lower = ascii_lower(name);
  for (const Entry& entry : entries_) {
    if (ascii_lower(entry.name) == lower) return false;
  }
  entries_.push_back({std::string(name), type});
  return true;
}

const ColumnNames::Entry* ColumnNames::find(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

std::string ColumnNames::advice_for(std::string_view name) const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) names.push_back(entry.name);
  return advice(name, names, "columns");
}

std::string_view name_of(ColumnType type) {
  switch (type) {
    case ColumnType::kText: return "text";
    case ColumnType::kDecimal: return "decimal";
    case ColumnType::kTimestamp: return "timestamp";
    case ColumnType::kDate: return "date";
    case ColumnType::kBoolean: return "boolean";
    default: return "";
  }
}

}  // namespace finops::datasets
