#include "finops/cli/human_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "finops/core/clock.h"
#include "finops/core/utf8.h"

namespace finops {
namespace {

std::string formatted(const char* format, double value) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

/// Length of the UTF-8 sequence at the front of `text`; 0 when it is broken.
std::size_t sequence_length(std::string_view text) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
    if (is_utf8(text.substr(0, length))) return length;
  }
  return 0;
}

std::string escaped_byte(char c) {
  if (c == '\n') return "\\n";
  if (c == '\r') return "\\r";
  if (c == '\t') return "\\t";
  std::array<char, 8> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "\\x%02x", static_cast<unsigned char>(c));
  return buffer.data();
}

}  // namespace

std::string count_text(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string bytes_text(std::uint64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"%.0f B", "%.1f KB", "%.1f MB", "%.1f GB",
                                                        "%.1f TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  // 999.95 would be printed as 1000.0.
  while (value >= (unit == 0 ? 1000 : 999.95) && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return formatted(kUnits[unit], value);
}

std::string seconds_text(double seconds) {
  if (seconds < 10) return formatted("%.2f s", seconds);
  if (seconds < 59.95) return formatted("%.1f s", seconds);
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  const std::uint64_t hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
  const auto two = [](std::uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  if (hours > 0) return std::to_string(hours) + " h " + two(minutes) + " min";
  return std::to_string(minutes) + " min " + two(rest) + " s";
}

std::string rate_text(std::uint64_t bytes, double seconds) {
  if (bytes == 0 || seconds < 0.001) return "";
  return formatted("%.0f MB/s", static_cast<double>(bytes) / 1e6 / seconds);
}

std::string plural(std::uint64_t count, std::string_view noun) {
  std::string text = count_text(count) + " " + std::string(noun);
  if (count == 1) return text;
  if (noun.ends_with("y")) return text.substr(0, text.size() - 1) + "ies";
  return text + "s";
}

std::string currency_text(const std::string& currency) {
  return currency.empty() ? "(no currency)" : currency;
}

std::string signed_text(const ExactSum& sum) {
  return (sum.sign() > 0 ? "+" : "") + sum.to_string();
}

std::string signed_money_text(const std::map<std::string, ExactSum>& by_currency) {
  std::string text;
  for (const auto& [currency, sum] : by_currency) {
    text += (text.empty() ? "" : ", ") + currency_text(currency) + " " + signed_text(sum);
  }
  return text;
}

std::string money_text(const std::map<std::string, ExactSum>& by_currency) {
  std::string text;
  for (const auto& [currency, sum] : by_currency) {
    if (!text.empty()) text += ", ";
    text += currency_text(currency) + " " + sum.to_string();
  }
  return text;
}

std::string time_text(std::int64_t ms_since_1970) {
  std::string text = to_iso8601(TimePoint(std::chrono::milliseconds(ms_since_1970)));
  text.resize(19);
  text[10] = ' ';
  return text;
}

std::string short_id(std::string_view id) {
  constexpr std::size_t kShown = 13;
  if (id.size() <= kShown + 3) return std::string(id);
  return std::string(id.substr(0, kShown)) + "…";
}

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    // C1 controls (U+0080 to U+009F) steer terminals as well.
    const bool is_c1 = length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    if (length == 0 || first < 0x20 || first == 0x7f || is_c1) {
      result += escaped_byte(text.front());
      text.remove_prefix(1);
      if (is_c1) {
        result += escaped_byte(text.front());
        text.remove_prefix(1);
      }
      continue;
    }
    result += text.substr(0, length);
    text.remove_prefix(length);
  }
  return result;
}

std::size_t text_width(std::string_view text) {
  std::size_t width = 0;
  for (const char c : text) width += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return width;
}

}  // namespace finops
