#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace finops {

// Values as people write them in configurations and on command lines. Nothing for any other text.

/// Bytes: "512MB", "1.5 GiB", "1048576". KB, MB, GB, TB are powers of 1000, KiB … TiB (and K, M, G,
/// T) of 1024; letters in any case.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// "36h", "1d12h", "90s": whole numbers of w, d, h, m, s in falling order, each once.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// true, false, yes, no, on, off, 1, 0; letters in any case.
std::optional<bool> parse_boolean(std::string_view text);

/// Digits with an optional '-'.
std::optional<std::int64_t> parse_integer(std::string_view text);

/// "512 MB" as parse_size reads it, exact when a unit divides it, else in bytes.
std::string size_text(std::uint64_t bytes);

}  // namespace finops
