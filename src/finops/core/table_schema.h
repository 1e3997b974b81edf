#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace finops {

/// The types that a lake column of ours may have, and the Iceberg type of each.
enum class ColumnType {
  kText,        // string
  kDecimal,     // decimal(38,18)
  kTimestamp,   // timestamptz: microseconds since 1970 in UTC
  kDate,        // date: days since 1970
  kTextMap,     // map<string,string>
  kDecimalMap,  // map<string,decimal(38,18)>
  kInt,         // int
  kLong,        // long
  kBoolean,     // boolean
  kBinary,      // binary
};

std::string_view to_string(ColumnType type);  // the Iceberg type as above

inline bool is_map(ColumnType type) {
  return type == ColumnType::kTextMap || type == ColumnType::kDecimalMap;
}

/// A column of a table. Field ids are Iceberg's: given once, never changed, never given again;
/// 0 while the column is not yet part of a table.
struct Column {
  std::string name;
  ColumnType type = ColumnType::kText;
  std::string doc;  // the exact name in the delivery: the identity of the column
  bool is_required = false;
  int field_id = 0;
  int key_id = 0, value_id = 0;  // maps only

  bool operator==(const Column&) const = default;
};

struct TableSchema {
  std::vector<Column> columns;

  const Column* find(std::string_view name) const;
  bool operator==(const TableSchema&) const = default;
};

}  // namespace finops
