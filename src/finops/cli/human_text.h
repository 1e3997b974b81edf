#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "finops/core/decimal.h"

namespace finops {

// Numbers as people read them. Money is never shortened.

std::string count_text(std::uint64_t count);                     // "1,234,567"
std::string bytes_text(std::uint64_t bytes);                     // "12.3 MB"
std::string seconds_text(double seconds);                        // "0.21 s", "3 min 05 s"
std::string rate_text(std::uint64_t bytes, double seconds);      // "312 MB/s"; "" when unmeasurable
std::string plural(std::uint64_t count, std::string_view noun);  // "1 file", "2 files"

/// "USD 12.5, EUR 3"; "" for none.
std::string money_text(const std::map<std::string, ExactSum>& by_currency);

std::string currency_text(const std::string& currency);  // "USD"; "(no currency)" for none

/// A difference: "+12.5", "-3", "0".
std::string signed_text(const ExactSum& sum);
/// "USD +12.5, EUR -3".
std::string signed_money_text(const std::map<std::string, ExactSum>& by_currency);

/// "2026-05-31 23:59:59" in UTC.
std::string time_text(std::int64_t ms_since_1970);

/// The first 13 letters of a longer id and "…".
std::string short_id(std::string_view id);

/// Control characters as "\n", "\x1b": data must not steer the terminal. Broken UTF-8 as "\xff".
std::string printable(std::string_view text);

/// Code points, the width of most texts on a terminal.
std::size_t text_width(std::string_view text);

}  // namespace finops
