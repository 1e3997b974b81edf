#include "finops/core/table_schema.h"

#include <algorithm>

namespace finops {

std::string_view to_string(ColumnType type) {
  switch (type) {
    case ColumnType::kText: return "string";
    case ColumnType::kDecimal: return "decimal(38,18)";
    case ColumnType::kTimestamp: return "timestamptz";
    case ColumnType::kDate: return "date";
    case ColumnType::kTextMap: return "map<string,string>";
    case ColumnType::kDecimalMap: return "map<string,decimal(38,18)>";
    case ColumnType::kInt: return "int";
    case ColumnType::kLong: return "long";
    case ColumnType::kBoolean: return "boolean";
    case ColumnType::kBinary: return "binary";
  }
  return "string";
}

const Column* TableSchema::find(std::string_view name) const {
  const auto it = std::ranges::find(columns, name, &Column::name);
  return it == columns.end() ? nullptr : &*it;
}

}  // namespace finops
