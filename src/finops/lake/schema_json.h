#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "finops/core/table_schema.h"

namespace finops::lake {

using Json = nlohmann::ordered_json;

/// A field of an Iceberg schema for `column`, whose ids are taken from `last_id` on: the column's,
/// then a map's key and value.
Json field_of(const Column& column, int& last_id);

/// Nothing when finops has no such type (another writer's column).
std::optional<Column> column_of(const Json& field);

/// What a column is known by for ever: its exact name in the delivery. A column of another writer
/// has no doc, and goes by its name.
std::string identity_of(const Json& field);
std::string identity_of(const Column& column);

}  // namespace finops::lake
