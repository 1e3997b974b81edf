#pragma once

#include <algorithm>
#include <string_view>

namespace finops {

/// Names of Avro, [A-Za-z_][A-Za-z0-9_]*: those of partition columns in Iceberg's manifests, and
/// those of columns that every writer of Iceberg puts into data files as they are.
inline bool is_avro_name(std::string_view name) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && !is_digit(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || is_digit(c); });
}

}  // namespace finops
