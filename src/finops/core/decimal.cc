#include "finops/core/decimal.h"

#include <array>

#include "finops/core/error.h"

namespace finops {
namespace {

constexpr auto kPowersOf10 = [] {
  std::array<Int128, 39> powers{};
  Int128 power = 1;
  for (auto& entry : powers) {
    entry = power;
    if (&entry != &powers.back()) power *= 10;
  }
  return powers;
}();
constexpr Int128 kLimit = kPowersOf10[kDecimalPrecision];

UInt128 magnitude(Int128 value) {
  return value < 0 ? -static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

[[noreturn]] void fail_overflow() {
  throw Error(ErrorKind::kInvalidData, "a result does not fit decimal(38,18)");
}

Decimal checked(Int128 unscaled) {
  if (unscaled >= kLimit || unscaled <= -kLimit) fail_overflow();
  return Decimal::from_unscaled(unscaled);
}

/// 256 bits, just enough for 38 by 38 digits.
struct Wide {
  UInt128 high = 0, low = 0;
};

Wide multiply(UInt128 a, UInt128 b) {
  constexpr UInt128 kMask = ~std::uint64_t{0};
  const UInt128 a0 = a & kMask, a1 = a >> 64, b0 = b & kMask, b1 = b >> 64;
  const UInt128 low = a0 * b0, middle1 = a1 * b0, middle2 = a0 * b1, high = a1 * b1;
  const UInt128 middle = (low >> 64) + (middle1 & kMask) + (middle2 & kMask);
  return {high + (middle1 >> 64) + (middle2 >> 64) + (middle >> 64),
          (middle << 64) | (low & kMask)};
}

/// dividend / divisor rounded half-even, by long division bit by bit: rare, so simple.
UInt128 divide_half_even(Wide dividend, UInt128 divisor) {
  UInt128 remainder = 0, quotient = 0;
  for (int bit = 255; bit >= 0; --bit) {
    const bool carries = (remainder >> 127) != 0;
    const UInt128 word = bit >= 128 ? dividend.high : dividend.low;
    remainder = remainder << 1 | (word >> (bit % 128) & 1);
    if ((quotient >> 127) != 0) fail_overflow();
    quotient <<= 1;
    if (carries || remainder >= divisor) {
      remainder -= divisor;
      quotient |= 1;
    }
  }
  const UInt128 rest = divisor - remainder;
  if (remainder > rest || (remainder == rest && (quotient & 1) != 0)) ++quotient;
  if (quotient >= static_cast<UInt128>(kLimit)) fail_overflow();
  return quotient;
}

Decimal with_sign(UInt128 value, bool is_negative) {
  const auto unscaled = static_cast<Int128>(value);
  return checked(is_negative ? -unscaled : unscaled);
}

/// The pieces of a decimal literal: 0.digits * 10^exponent, digits without zeros at either end.
struct Literal {
  std::string digits;
  std::int64_t exponent = 0;
  bool is_negative = false;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads "[+-]digits" of at most 9 significant digits; larger exponents are as good as infinite.
bool parse_exponent(std::string_view text, std::int64_t& exponent) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return false;
  exponent = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    if (exponent < 1'000'000'000) exponent = exponent * 10 + (c - '0');
  }
  if (is_negative) exponent = -exponent;
  return true;
}

std::optional<Literal> parse_literal(std::string_view text) {
  Literal literal;
  literal.is_negative = text.starts_with('-');
  if (literal.is_negative || text.starts_with('+')) text.remove_prefix(1);
  const auto mark = text.find_first_of("eE");
  if (mark != std::string_view::npos && !parse_exponent(text.substr(mark + 1), literal.exponent)) {
    return std::nullopt;
  }
  bool has_point = false;
  std::int64_t whole_digits = 0;
  for (const char c : text.substr(0, mark)) {
    if (c == '.' && !has_point) {
      has_point = true;
    } else if (is_digit(c)) {
      literal.digits += c;
      if (!has_point) ++whole_digits;
    } else {
      return std::nullopt;
    }
  }
  if (literal.digits.empty()) return std::nullopt;
  const auto first = literal.digits.find_first_not_of('0');
  if (first == std::string::npos) return Literal{};
  literal.exponent += whole_digits - static_cast<std::int64_t>(first);
  literal.digits.erase(literal.digits.find_last_not_of('0') + 1);
  literal.digits.erase(0, first);
  return literal;
}

/// Half-even: true when the digits from `kept` on make the last kept digit go up.
bool rounds_up(const std::string& digits, std::int64_t kept) {
  if (kept < 0) return false;  // below a tenth of the last place
  const auto at = static_cast<std::size_t>(kept);
  if (digits[at] != '5') return digits[at] > '5';
  if (at + 1 < digits.size()) return true;  // no zeros at the end: more than a half
  return at > 0 && (digits[at - 1] - '0') % 2 == 1;
}

}  // namespace

Int128 power_of_10(int exponent) { return kPowersOf10.at(static_cast<std::size_t>(exponent)); }

std::optional<Decimal::Parsed> Decimal::parse(std::string_view text) {
  const auto literal = parse_literal(text);
  if (!literal) return std::nullopt;
  Parsed parsed;
  if (literal->digits.empty()) return parsed;
  const auto& digits = literal->digits;
  const auto length = static_cast<std::int64_t>(digits.size());
  if (literal->exponent > kDecimalPrecision - kDecimalScale) return std::nullopt;
  if (length - literal->exponent > kMostDecimals) return std::nullopt;
  const std::int64_t kept =
      literal->exponent + kDecimalScale;  // digits before the 18th place's end
  Int128 unscaled = 0;
  for (std::int64_t i = 0; i < kept; ++i) {
    unscaled = unscaled * 10 + (i < length ? digits[static_cast<std::size_t>(i)] - '0' : 0);
  }
  parsed.was_rounded = length > kept;
  if (parsed.was_rounded) {
    if (rounds_up(digits, kept)) ++unscaled;
    if (unscaled >= kLimit) return std::nullopt;
    parsed.residual.add_digits(digits, static_cast<int>(literal->exponent), literal->is_negative);
    parsed.residual.add(literal->is_negative ? unscaled : -unscaled);
  }
  parsed.value = Decimal(literal->is_negative ? -unscaled : unscaled);
  return parsed;
}

std::string Decimal::to_string() const {
  ExactSum sum;
  sum.add(unscaled_);
  return sum.to_string();
}

// The sum of two numbers of 38 digits may leave 128 bits.
Decimal Decimal::operator+(Decimal other) const {
  Int128 sum = 0;
  if (__builtin_add_overflow(unscaled_, other.unscaled_, &sum)) fail_overflow();
  return checked(sum);
}

Decimal Decimal::operator-(Decimal other) const { return *this + -other; }

Decimal Decimal::operator*(Decimal other) const {
  const Wide product = multiply(magnitude(unscaled_), magnitude(other.unscaled_));
  const auto unit = static_cast<UInt128>(kPowersOf10[kDecimalScale]);
  return with_sign(divide_half_even(product, unit), (unscaled_ < 0) != (other.unscaled_ < 0));
}

Decimal Decimal::quotient(Decimal dividend, Decimal divisor) {
  if (divisor.unscaled_ == 0) {
    throw Error(ErrorKind::kInvalidData, "division of " + dividend.to_string() + " by zero");
  }
  const auto unit = static_cast<UInt128>(kPowersOf10[kDecimalScale]);
  const Wide scaled = multiply(magnitude(dividend.unscaled_), unit);
  return with_sign(divide_half_even(scaled, magnitude(divisor.unscaled_)),
                   (dividend.unscaled_ < 0) != (divisor.unscaled_ < 0));
}

}  // namespace finops
