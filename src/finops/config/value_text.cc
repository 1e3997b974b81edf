#include "finops/config/value_text.h"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/core/decimal.h"

namespace finops {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::uint64_t> bytes_of_unit(std::string_view unit) {
  static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 14> kUnits = {{
      {"", 1},
      {"b", 1},
      {"kb", 1'000},
      {"mb", 1'000'000},
      {"gb", 1'000'000'000},
      {"tb", 1'000'000'000'000},
      {"k", 1ull << 10},
      {"m", 1ull << 20},
      {"g", 1ull << 30},
      {"t", 1ull << 40},
      {"kib", 1ull << 10},
      {"mib", 1ull << 20},
      {"gib", 1ull << 30},
      {"tib", 1ull << 40},
  }};
  for (const auto& [name, bytes] : kUnits) {
    if (name == unit) return bytes;
  }
  return std::nullopt;
}

std::optional<std::int64_t> seconds_of_unit(char unit) {
  switch (unit) {
    case 'w': return 7 * 86'400;
    case 'd': return 86'400;
    case 'h': return 3'600;
    case 'm': return 60;
    case 's': return 1;
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  // Decimal keeps "1.1GB" exact where a double would not.
  const auto number = Decimal::parse(text.substr(0, end));
  if (!number || number->was_rounded) return std::nullopt;
  text.remove_prefix(end);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const auto unit = bytes_of_unit(ascii_lower(text));
  if (!unit) return std::nullopt;
  constexpr Int128 kMostBytes = 1ll << 50;
  const Int128 scaled = number->value.unscaled();
  if (scaled > kMostBytes * power_of_10(kDecimalScale) / static_cast<Int128>(*unit)) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(scaled * static_cast<Int128>(*unit) /
                                    power_of_10(kDecimalScale));
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0, last_unit = std::numeric_limits<std::int64_t>::max();
  while (!text.empty()) {
    std::size_t end = 0;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end == 0 || end > 6 || end == text.size()) return std::nullopt;
    const auto unit = seconds_of_unit(text[end]);
    if (!unit || *unit >= last_unit) return std::nullopt;
    last_unit = *unit;
    total += *parse_integer(text.substr(0, end)) * *unit;
    text.remove_prefix(end + 1);
  }
  return std::chrono::seconds(total);
}

std::optional<bool> parse_boolean(std::string_view text) {
  const std::string word = ascii_lower(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string size_text(std::uint64_t bytes) {
  static constexpr std::array<std::pair<std::uint64_t, std::string_view>, 8> kUnits = {{
      {1'000'000'000'000, "TB"},
      {1ull << 40, "TiB"},
      {1'000'000'000, "GB"},
      {1ull << 30, "GiB"},
      {1'000'000, "MB"},
      {1ull << 20, "MiB"},
      {1'000, "KB"},
      {1ull << 10, "KiB"},
  }};
  for (const auto& [size, name] : kUnits) {
    if (bytes != 0 && bytes % size == 0) return std::to_string(bytes / size) + std::string(name);
  }
  return std::to_string(bytes) + "B";
}

}  // namespace finops
