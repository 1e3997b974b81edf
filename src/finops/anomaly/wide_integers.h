#pragma once

// Integers beyond 128 bits, for this folder's sources only: Boost's headers are in no other header.

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>

#include "finops/core/decimal.h"

namespace finops::anomaly {

using Int256 = boost::multiprecision::int256_t;
using UInt256 = boost::multiprecision::uint256_t;
using UInt512 = boost::multiprecision::uint512_t;

inline constexpr UInt128 kUnit = 1'000'000'000'000'000'000;  // 1 as an unscaled decimal

/// |one - other|, unscaled: may be twice the largest decimal, which Int128 does not hold.
inline UInt128 distance(Decimal one, Decimal other) {
  const auto a = static_cast<UInt128>(one.unscaled()), b = static_cast<UInt128>(other.unscaled());
  return one > other ? a - b : b - a;
}

/// dividend / divisor rounded half-even.
inline UInt128 half_even_quotient(UInt128 dividend, UInt128 divisor) {
  const UInt128 quotient = dividend / divisor, remainder = dividend % divisor;
  const UInt128 rest = divisor - remainder;
  const bool rounds_up = remainder > rest || (remainder == rest && (quotient & 1) != 0);
  return quotient + (rounds_up ? 1 : 0);
}
template <typename Wide>
Wide half_even_quotient(const Wide& dividend, const Wide& divisor) {
  Wide quotient, remainder;
  boost::multiprecision::divide_qr(dividend, divisor, quotient, remainder);
  const Wide rest = divisor - remainder;
  if (remainder > rest || (remainder == rest && bit_test(quotient, 0))) ++quotient;
  return quotient;
}

/// A number of any size as a decimal; what decimal(38,18) cannot hold becomes the largest one, or
/// its negative.
template <typename Wide>
Decimal nearest_decimal(const Wide& magnitude, bool is_negative) {
  const auto largest = static_cast<UInt128>(power_of_10(kDecimalPrecision) - 1);
  const UInt128 held = magnitude > largest ? largest : static_cast<UInt128>(magnitude);
  const auto unscaled = static_cast<Int128>(held);
  return Decimal::from_unscaled(is_negative ? -unscaled : unscaled);
}

}  // namespace finops::anomaly
