#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "finops/core/decimal.h"
#include "finops/core/table_schema.h"

namespace finops::simple {

// What cells mean, by the rules of bill_layout.h ("Cells").

bool is_utf8(std::string_view text);

/// Microseconds since 1970, by the grammar of timestamp_text.h.
std::optional<std::int64_t> parse_time(std::string_view text);

/// Entries of a map in their order, values in canonical bytes (core/fingerprint.h): a text, or the
/// 16 bytes of a decimal. Nothing when the text does not fit.
using MapEntries = std::vector<std::pair<std::string, std::optional<std::string>>>;
std::optional<MapEntries> parse_map(std::string_view text, ColumnType type);

/// The members of a line of JSON lines in their order, each value as a cell's; nothing when the
/// line is no row.
using JsonCells = std::vector<std::pair<std::string, std::string>>;
std::optional<JsonCells> parse_json_line(std::string_view line);

/// `value` as `bytes` little-endian bytes.
std::string little_endian(UInt128 value, std::size_t bytes);

/// The canonical bytes of a map.
std::string canonical(const MapEntries& entries, ColumnType type);

}  // namespace finops::simple
