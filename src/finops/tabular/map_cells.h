#pragma once

#include <string>
#include <string_view>

#include "finops/core/table_schema.h"
#include "finops/tabular/json_object.h"

namespace finops::bill {

/// Reads the value of a map cell, not empty, into `json`. What does not fit, or an empty string.
std::string read_map(std::string_view text, ColumnType type, JsonObject& json);

/// True for a member that is NULL in a map of this type.
inline bool is_null_member(const JsonObject::Member& member, ColumnType type) {
  return member.kind == JsonObject::Kind::kNull ||
         (type == ColumnType::kDecimalMap && member.value.empty());
}

}  // namespace finops::bill
