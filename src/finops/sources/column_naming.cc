#include "finops/sources/column_naming.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"

namespace finops {

namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

std::string athena_name(std::string_view exact_name) {
  std::string name;
  const auto append = [&name](char c) {
    if (c != '_' || !(name.empty() || name.back() == '_')) name += c;
  };
  for (const char c : exact_name) {
    const char small = lower(c);
    const bool is_kept = (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9');
    if (is_upper(c)) append('_');
    append(is_kept ? small : '_');
  }
  if (!name.empty() && name.back() == '_') name.pop_back();
  return name;
}

}  // namespace

std::string normalized_name(std::string_view exact_name) {
  if (exact_name.find('/') != exact_name.npos) return athena_name(exact_name);
  std::string name = ascii_lower(exact_name);
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '.') c = '_';
  }
  return name;
}

SourceNames parse_source_names(std::string_view json) {
  if (json.empty()) return {};
  try {
    return nlohmann::json::parse(json).get<SourceNames>();
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorKind::kInvalidData,
                "the table property " + std::string(kSourceNamesProperty) +
                    ", which says what delivered column each column is, is damaged: " + e.what());
  }
}

std::string to_json(const SourceNames& names) {
  try {
    return nlohmann::json(names).dump();
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorKind::kInvalidData,
                std::string("a delivered column has a name that is not UTF-8: ") + e.what());
  }
}

std::vector<DeliveredColumn> delivered_columns(
    const std::vector<std::vector<HeaderColumn>>& headers, const Delivery& delivery) {
  std::map<std::string, std::string> told;  // by exact name
  std::map<std::string, std::set<std::string>> told_loosely;
  for (const DeliveredColumn& column : delivery.columns) {
    told.emplace(column.name, column.told_type);
    told_loosely[ascii_lower(column.name)].insert(column.told_type);
  }
  std::vector<DeliveredColumn> columns;
  std::set<std::string> seen;
  for (const auto& header : headers) {
    for (const auto& [name, type_of_file] : header) {
      if (!seen.insert(name).second) continue;
      const auto exact = told.find(name);
      const auto loose = told_loosely.find(ascii_lower(name));
      DeliveredColumn column{name, type_of_file};
      if (exact != told.end() && !exact->second.empty()) {
        column.told_type = exact->second;
      } else if (loose != told_loosely.end() && loose->second.size() == 1 &&
                 !loose->second.begin()->empty()) {
        column.told_type = *loose->second.begin();
      }
      columns.push_back(std::move(column));
    }
  }
  return columns;
}

}  // namespace finops
