#include "finops/warehouses/bigquery/bigquery_schema.h"

#include <algorithm>
#include <array>
#include <map>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"
#include "finops/core/sha256.h"

namespace finops::bigquery {
namespace {

/// What the API calls a type, of a scalar column.
std::string api_type(ColumnType type) {
  switch (type) {
    case ColumnType::kText:
    case ColumnType::kTextMap: return "STRING";
    case ColumnType::kDecimal:
    case ColumnType::kDecimalMap: return "BIGNUMERIC";
    case ColumnType::kTimestamp: return "TIMESTAMP";
    case ColumnType::kDate: return "DATE";
    case ColumnType::kInt:
    case ColumnType::kLong: return "INTEGER";
    case ColumnType::kBoolean: return "BOOLEAN";
    case ColumnType::kBinary: return "BYTES";
  }
  throw Error(ErrorKind::kInternal, "a column has no type");
}

Json scalar_field(const std::string& name, ColumnType type) {
  Json field = {{"name", name}, {"type", api_type(type)}, {"mode", "NULLABLE"}};
  if (field["type"] == "BIGNUMERIC") {
    field["precision"] = "38";
    field["scale"] = "18";
  }
  return field;
}

std::string shape_of(const Json& field) {
  std::string shape = text_of(field, "mode") == "REPEATED" ? "REPEATED " : "";
  shape += plain_type(text_of(field, "type"));
  if (!field.contains("fields")) return shape;
  shape += " (";
  for (const Json& part : field["fields"])
    shape += text_of(part, "name") + " " + shape_of(part) + " ";
  shape.back() = ')';
  return shape;
}

bool is_reserved(std::string_view lower) {
  constexpr std::array kPrefixes = {"_table_",  "_file_",         "_partition", "_row_timestamp",
                                    "__root__", "_colidentifier", "_change_"};
  return std::ranges::any_of(kPrefixes, [&](const char* p) { return lower.starts_with(p); });
}

}  // namespace

std::string plain_type(const std::string& type) {
  static const std::map<std::string, std::string, std::less<>> names = {
      {"INT64", "INTEGER"}, {"FLOAT64", "FLOAT"},         {"BOOL", "BOOLEAN"},
      {"STRUCT", "RECORD"}, {"BIGDECIMAL", "BIGNUMERIC"}, {"DECIMAL", "NUMERIC"}};
  const auto found = names.find(type);
  return found == names.end() ? type : found->second;
}

Json field_of(const Column& column) {
  if (!is_map(column.type)) return scalar_field(column.name, column.type);
  return {{"name", column.name},
          {"type", "RECORD"},
          {"mode", "REPEATED"},
          {"fields", {scalar_field("key", ColumnType::kText), scalar_field("value", column.type)}}};
}

Json fields_of(const std::vector<Column>& columns) {
  Json fields = Json::array();
  for (const Column& column : columns) fields.push_back(field_of(column));
  return fields;
}

std::string sql_type_of(const Column& column) {
  const auto scalar = [](ColumnType type) -> std::string {
    const std::string name = api_type(type);
    if (name == "INTEGER") return "INT64";
    if (name == "BOOLEAN") return "BOOL";
    return name == "BIGNUMERIC" ? "BIGNUMERIC(38, 18)" : name;
  };
  if (!is_map(column.type)) return scalar(column.type);
  return "ARRAY<STRUCT<key STRING, value " + scalar(column.type) + ">>";
}

std::string column_name_of(std::string_view name) {
  constexpr std::size_t kLongest = 300;
  std::string made;
  for (const char c : name) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    made += is_plain ? c : '_';
  }
  if (made.empty() || (made.front() >= '0' && made.front() <= '9') ||
      is_reserved(ascii_lower(made))) {
    made.insert(0, "c_");
  }
  if (made.size() > kLongest)
    made = made.substr(0, kLongest - 9) + "_" + sha256_of(name).substr(0, 8);
  return made;
}

SchemaDifference compare_fields(const Json& fields, const std::vector<Column>& columns) {
  std::map<std::string, const Json*> there;
  for (const Json& field : fields) there.emplace(ascii_lower(text_of(field, "name")), &field);
  SchemaDifference difference;
  for (const Column& column : columns) {
    const auto found = there.find(ascii_lower(column.name));
    if (found == there.end()) {
      difference.missing.push_back(column);
      continue;
    }
    const std::string wanted = shape_of(field_of(column)), is = shape_of(*found->second);
    if (is != wanted)
      difference.conflicts.push_back(column.name + " is " + is + " and not " + wanted);
  }
  return difference;
}

}  // namespace finops::bigquery
