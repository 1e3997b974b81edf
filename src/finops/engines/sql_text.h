#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "finops/core/error.h"
#include "finops/core/table_schema.h"

namespace finops {

inline std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

inline std::string quoted_identifier(std::string_view name) {  // "a ""quoted"" name"
  return quoted(name, '"');
}
inline std::string quoted_literal(std::string_view text) { return quoted(text, '\''); }  // 'it''s'

/// What `text` makes of each item, in a list.
template <typename Items, typename Text>
std::string sql_list(const Items& items, const Text& text, std::string_view between = ", ") {
  std::string out;
  for (const auto& item : items) {
    if (!out.empty()) out += between;
    out += text(item);
  }
  return out;
}

inline std::string sql_list(const std::vector<std::string>& texts) {
  return sql_list(texts, [](const std::string& text) { return text; });
}
template <typename Names>
std::string quoted_identifiers(const Names& names) {
  return sql_list(names, [](const std::string& name) { return quoted_identifier(name); });
}
template <typename Texts>
std::string quoted_literals(const Texts& texts) {
  return sql_list(texts, [](const std::string& text) { return quoted_literal(text); });
}

/// What a column of a table of the lake is in queries: times are TIMESTAMP, of UTC.
inline std::string_view sql_type(ColumnType type) {
  switch (type) {
    case ColumnType::kText: return "VARCHAR";
    case ColumnType::kDecimal: return "DECIMAL(38,18)";
    case ColumnType::kTimestamp: return "TIMESTAMP";
    case ColumnType::kDate: return "DATE";
    case ColumnType::kTextMap: return "MAP(VARCHAR, VARCHAR)";
    case ColumnType::kDecimalMap: return "MAP(VARCHAR, DECIMAL(38,18))";
    case ColumnType::kInt: return "INTEGER";
    case ColumnType::kLong: return "BIGINT";
    case ColumnType::kBoolean: return "BOOLEAN";
    case ColumnType::kBinary: return "BLOB";
  }
  throw Error(ErrorKind::kInternal, "a column type without an SQL type");
}

}  // namespace finops
