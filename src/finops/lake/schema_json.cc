#include "finops/lake/schema_json.h"

namespace finops::lake {
namespace {

constexpr const char* kDecimal = "decimal(38, 18)";  // with the blank: as Iceberg Java spells it

const char* primitive_name(ColumnType type) {
  switch (type) {
    case ColumnType::kText:
    case ColumnType::kTextMap: return "string";
    case ColumnType::kDecimal:
    case ColumnType::kDecimalMap: return kDecimal;
    case ColumnType::kTimestamp: return "timestamptz";
    case ColumnType::kDate: return "date";
    case ColumnType::kInt: return "int";
    case ColumnType::kLong: return "long";
    case ColumnType::kBoolean: return "boolean";
    case ColumnType::kBinary: return "binary";
  }
  return "string";
}

std::optional<ColumnType> primitive_type(const Json& type) {
  if (!type.is_string()) return std::nullopt;
  auto name = type.get<std::string>();
  std::erase(name, ' ');
  for (const auto known :
       {ColumnType::kText, ColumnType::kDecimal, ColumnType::kTimestamp, ColumnType::kDate,
        ColumnType::kInt, ColumnType::kLong, ColumnType::kBoolean, ColumnType::kBinary}) {
    if (name == to_string(known)) return known;
  }
  return std::nullopt;
}

std::optional<ColumnType> type_of(const Json& type) {
  if (!type.is_object()) return primitive_type(type);
  if (type.value("type", "") != "map" || type.at("key") != "string") return std::nullopt;
  const auto value = primitive_type(type.at("value"));
  if (value == ColumnType::kText) return ColumnType::kTextMap;
  if (value == ColumnType::kDecimal) return ColumnType::kDecimalMap;
  return std::nullopt;
}

}  // namespace

Json field_of(const Column& column, int& last_id) {
  Json field = {{"id", ++last_id}, {"name", column.name}, {"required", column.is_required}};
  if (is_map(column.type)) {
    const int key = ++last_id;
    field["type"] = {{"type", "map"},           {"key-id", key},
                     {"key", "string"},         {"value-id", ++last_id},
                     {"value-required", false}, {"value", primitive_name(column.type)}};
  } else {
    field["type"] = primitive_name(column.type);
  }
  if (!column.doc.empty()) field["doc"] = column.doc;
  return field;
}

std::optional<Column> column_of(const Json& field) {
  const auto& type = field.at("type");
  const auto known = type_of(type);
  if (!known) return std::nullopt;
  Column column{.name = field.at("name"),
                .type = *known,
                .doc = field.value("doc", ""),
                .is_required = field.at("required"),
                .field_id = field.at("id")};
  if (is_map(*known)) {
    column.key_id = type.at("key-id");
    column.value_id = type.at("value-id");
  }
  return column;
}

std::string identity_of(const Json& field) {
  const auto doc = field.value("doc", "");
  return doc.empty() ? field.at("name").get<std::string>() : doc;
}

std::string identity_of(const Column& column) {
  return column.doc.empty() ? column.name : column.doc;
}

}  // namespace finops::lake
