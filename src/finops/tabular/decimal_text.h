#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "finops/core/decimal.h"

namespace finops::bill {

/// What a text says as a decimal(38,18), by the rule of finops::Decimal::parse and without its
/// code: the two readers of a bill are to be independent.
struct DecimalCell {
  enum class State : std::uint8_t {
    kExact,
    kRounded,        // to 18 decimals, half-even; `residual` is the text's value minus it
    kRoundedDeeply,  // the same, with more than 45 decimals: `residual` is not set
    kNotANumber,
    kTooLarge,         // 10^20 or more
    kTooManyDecimals,  // more than Decimal::kMostDecimals
  };
  State state = State::kExact;
  Int128 value = 0;     // unscaled
  Int128 residual = 0;  // times 10^kResidualScale

  bool fits() const { return state <= State::kRoundedDeeply; }
};

/// Nothing that is written has more decimals; a multiple of 9 is what ExactSum likes.
inline constexpr int kResidualScale = 45;

/// Any literal.
DecimalCell parse_any_decimal(std::string_view text);

/// The exact residual of a text that was kRoundedDeeply.
ExactSum deep_residual(std::string_view text, Int128 rounded);

/// What is wrong with a cell that does not fit.
std::string_view fault_of(DecimalCell::State state);

inline constexpr std::uint64_t kPowerOf10[] = {1ull,
                                               10ull,
                                               100ull,
                                               1'000ull,
                                               10'000ull,
                                               100'000ull,
                                               1'000'000ull,
                                               10'000'000ull,
                                               100'000'000ull,
                                               1'000'000'000ull,
                                               10'000'000'000ull,
                                               100'000'000'000ull,
                                               1'000'000'000'000ull,
                                               10'000'000'000'000ull,
                                               100'000'000'000'000ull,
                                               1'000'000'000'000'000ull,
                                               10'000'000'000'000'000ull,
                                               100'000'000'000'000'000ull,
                                               1'000'000'000'000'000'000ull};

/// Up to 8 digits at once; 8 bytes are readable. False when one is no digit.
inline bool parse_8_digits(const char* data, unsigned count, std::uint64_t& value) {
  static_assert(std::endian::native == std::endian::little);
  value = 0;
  if (count == 0) return true;
  std::uint64_t chunk;
  std::memcpy(&chunk, data, 8);
  chunk = (chunk ^ 0x3030303030303030ull) << (64 - 8 * count);  // to the right, zeros before
  if ((((chunk + 0x7676767676767676ull) | chunk) & 0x8080808080808080ull) != 0) return false;
  chunk = (chunk * 2561) >> 8;                                          // pairs
  chunk = ((chunk & 0x00FF00FF00FF00FFull) * 6553601) >> 16;            // fours
  value = ((chunk & 0x0000FFFF0000FFFFull) * 42949672960001ull) >> 32;  // eights
  return true;
}

/// `count` <= 18 digits; 24 bytes are readable.
inline bool parse_digits(const char* data, unsigned count, std::uint64_t& value) {
  std::uint64_t total = 0, part;
  for (; count > 8; count -= 8, data += 8) {
    if (!parse_8_digits(data, 8, part)) return false;
    total = total * kPowerOf10[8] + part;
  }
  if (!parse_8_digits(data, count, part)) return false;
  value = total * kPowerOf10[count] + part;
  return true;
}

/// Index of the first point among 16 bytes, 16 when there is none.
inline std::uint32_t find_point(const char* data) {
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data));
  const auto points =
      static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.'))));
  return static_cast<std::uint32_t>(std::countr_zero(points | 0x10000u));
#else
  const void* point = std::memchr(data, '.', 16);
  return point == nullptr ? 16 : static_cast<std::uint32_t>(static_cast<const char*>(point) - data);
#endif
}

/// [-]digits[.digits] with up to 16 digits before the point and 18 after it, the form of nearly
/// every cell. The text is readable 32 bytes past its end. False for any other.
inline bool parse_usual_decimal(const char* data, std::uint32_t length, Int128& value) {
  const bool is_negative = length > 0 && *data == '-';
  const char* const at = data + (is_negative ? 1 : 0);
  const std::uint32_t n = length - (is_negative ? 1 : 0);
  const std::uint32_t found = find_point(at);
  const std::uint32_t point = found < n ? found : n;
  const std::uint32_t places = point < n ? n - point - 1 : 0;
  const bool has_longer_whole = point == 16 && n > 16 && at[16] != '.';
  std::uint64_t whole, fraction;
  if (has_longer_whole || places > 18 || point + places == 0 || !parse_digits(at, point, whole) ||
      !parse_digits(at + point + 1, places, fraction)) [[unlikely]] {
    return false;
  }
  const Int128 unscaled = static_cast<Int128>(whole) * static_cast<Int128>(kPowerOf10[18]) +
                          static_cast<Int128>(fraction * kPowerOf10[18 - places]);
  value = is_negative ? -unscaled : unscaled;
  return true;
}

/// What the shortest text of a number says, without making it; false where that is not at once
/// certain. A decimal of up to 15 digits is the only one of so few that is read as its double, so
/// it is found by trying how many places give the double back.
inline bool decimal_of_real(double number, Int128& value) {
  constexpr double kMost = 1e15;
  for (const int places : {10, 6, 14}) {
    const auto unit = static_cast<double>(kPowerOf10[places]);  // exact, as is an integer below
    const double scaled = number * unit;
    if (!(scaled < kMost && scaled > -kMost)) continue;
    const auto integer = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
    const bool has_digits = integer < std::int64_t{1'000'000'000'000'000} &&
                            integer > -std::int64_t{1'000'000'000'000'000};
    if (!has_digits || static_cast<double>(integer) / unit != number) continue;
    value = static_cast<Int128>(integer) * static_cast<Int128>(kPowerOf10[18 - places]);
    return true;
  }
  return false;
}

}  // namespace finops::bill
