#include "finops/tabular/decimal_text.h"

#include <algorithm>
#include <string>

namespace finops::bill {
namespace {

using State = DecimalCell::State;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A literal without its leading zeros: 0.d1d2... * 10^exponent, d1 and the last digit not zero.
/// The digits stay where they are in the text, which may have a point between them.
struct Literal {
  const char* first = nullptr;  // the first digit that is not zero; null for zero
  std::int64_t digits = 0;
  std::int64_t exponent = 0;
  bool is_negative = false;

  /// The digits one after the other.
  struct Cursor {
    const char* at;
    int next() {
      if (*at == '.') ++at;
      return *at++ - '0';
    }
  };
  Cursor begin() const { return {first}; }
};

/// [+-]digits to the end of the text. Beyond 10^12 an exponent is as good as infinite.
bool read_exponent(const char* at, const char* end, std::int64_t& exponent) {
  const bool is_negative = at < end && *at == '-';
  if (at < end && (*at == '-' || *at == '+')) ++at;
  if (at == end) return false;
  for (; at < end; ++at) {
    if (!is_digit(*at)) return false;
    if (exponent < 1'000'000'000'000) exponent = exponent * 10 + (*at - '0');
  }
  if (is_negative) exponent = -exponent;
  return true;
}

bool read_literal(std::string_view text, Literal& literal) {
  const char* at = text.data();
  const char* const end = at + text.size();
  literal.is_negative = at < end && *at == '-';
  if (at < end && (*at == '-' || *at == '+')) ++at;
  std::int64_t count = 0, whole = 0, last = 0, leading = 0;  // digits: all, before the point, ...
  bool has_point = false;
  for (; at < end && (is_digit(*at) || (*at == '.' && !has_point)); ++at) {
    if (*at == '.') {
      has_point = true;
      continue;
    }
    ++count;
    if (!has_point) ++whole;
    if (*at == '0') continue;
    last = count;
    if (literal.first != nullptr) continue;
    literal.first = at;
    leading = count - 1;
  }
  if (count == 0) return false;
  std::int64_t exponent = 0;
  if (at < end && ((*at != 'e' && *at != 'E') || !read_exponent(at + 1, end, exponent)))
    return false;
  literal.digits = last - leading;
  literal.exponent = exponent + whole - leading;
  return true;
}

UInt128 power(std::int64_t exponent) {
  return static_cast<UInt128>(power_of_10(static_cast<int>(exponent)));
}

/// `count` digits as a number, continuing `cursor`.
UInt128 take_digits(Literal::Cursor& cursor, std::int64_t count) {
  UInt128 value = 0;
  for (; count > 0; --count) value = value * 10 + static_cast<unsigned>(cursor.next());
  return value;
}

/// Of the digits after the first `kept` ones: more than half a unit, or half with an odd neighbour.
bool rounds_up(const Literal& literal, std::int64_t kept, UInt128 unscaled) {
  if (kept < 0) return false;
  Literal::Cursor cursor = literal.begin();
  take_digits(cursor, kept);
  const int next = cursor.next();
  if (next != 5) return next > 5;
  return literal.digits > kept + 1 || (unscaled & 1) != 0;  // the last digit is not zero
}

}  // namespace

DecimalCell parse_any_decimal(std::string_view text) {
  Literal literal;
  if (!read_literal(text, literal)) return {State::kNotANumber};
  if (literal.first == nullptr) return {};
  if (literal.exponent > kDecimalPrecision - kDecimalScale) return {State::kTooLarge};
  if (literal.digits - literal.exponent > Decimal::kMostDecimals) return {State::kTooManyDecimals};

  DecimalCell cell;
  const std::int64_t kept = literal.exponent + kDecimalScale;  // digits that 18 decimals hold
  Literal::Cursor cursor = literal.begin();
  UInt128 unscaled = take_digits(cursor, std::min(kept, literal.digits));
  if (kept >= literal.digits) {
    unscaled *= power(kept - literal.digits);
  } else {
    const std::int64_t more = literal.digits - std::max<std::int64_t>(kept, 0);
    const std::int64_t room = literal.exponent + kResidualScale - literal.digits;
    cell.state = room >= 0 ? State::kRounded : State::kRoundedDeeply;
    if (room >= 0) cell.residual = static_cast<Int128>(take_digits(cursor, more) * power(room));
    if (rounds_up(literal, kept, unscaled)) {
      ++unscaled;
      cell.residual -= power_of_10(kResidualScale - kDecimalScale);
    }
    if (unscaled >= power(kDecimalPrecision)) return {State::kTooLarge};
  }
  cell.value = static_cast<Int128>(unscaled);
  if (literal.is_negative) {
    cell.value = -cell.value;
    cell.residual = -cell.residual;
  }
  return cell;
}

ExactSum deep_residual(std::string_view text, Int128 rounded) {
  Literal literal;
  read_literal(text, literal);
  std::string digits;
  Literal::Cursor cursor = literal.begin();
  for (std::int64_t i = 0; i < literal.digits; ++i) {
    digits += static_cast<char>('0' + cursor.next());
  }
  ExactSum residual;
  residual.add_digits(digits, static_cast<int>(literal.exponent), literal.is_negative);
  residual.add(-rounded);
  return residual;
}

std::string_view fault_of(DecimalCell::State state) {
  switch (state) {
    case State::kTooLarge: return "does not fit decimal(38,18)";
    case State::kTooManyDecimals: return "has more than 2000 decimals";
    default: return "not a decimal number";
  }
}

}  // namespace finops::bill
