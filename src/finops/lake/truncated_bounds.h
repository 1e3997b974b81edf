#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace finops::lake {

// Iceberg's metrics mode truncate(n) for text: at most n code points.

std::string truncate_lower(std::string_view utf8, std::size_t code_points);
/// The last code point that can be is raised by one, because readers skip files by this bound: one
/// that is only cut off lies below values of the file. Nothing when no code point can be raised.
std::optional<std::string> truncate_upper(std::string_view utf8, std::size_t code_points);

}  // namespace finops::lake
