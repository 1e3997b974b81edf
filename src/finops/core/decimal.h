#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace finops {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

inline constexpr int kDecimalPrecision = 38;
inline constexpr int kDecimalScale = 18;

/// Below every decimal(38,18): marks NULL in columns of unscaled values.
inline constexpr Int128 kNullDecimal = static_cast<Int128>(static_cast<UInt128>(1) << 127);

/// 10^exponent for 0 <= exponent <= 38.
Int128 power_of_10(int exponent);

/// An exact sum of any size and scale, for totals that may leave decimal(38,18) and for rounding
/// residuals. Adding is order-free. Not thread-safe.
class ExactSum {
 public:
  /// Adds unscaled * 10^-scale; scale may be negative.
  void add(Int128 unscaled, int scale = kDecimalScale);
  void add(const ExactSum& other);
  void subtract(const ExactSum& other);
  /// Adds 0.d * 10^exponent for a string of decimal digits d; subtracts when `negative`.
  void add_digits(std::string_view digits, int exponent, bool negative);

  /// "[-]digits[.digits]" without trailing zeros; "0" for zero.
  std::string to_string() const;
  /// The reverse of to_string, for receipts; nothing when the text is not of that form.
  static std::optional<ExactSum> parse(std::string_view text);

  bool is_zero() const { return sign() == 0; }
  int sign() const;
  friend bool operator==(const ExactSum& a, const ExactSum& b) {
    if (a.limbs_.empty() && b.limbs_.empty()) return a.units_ == b.units_;
    return a.all_limbs() == b.all_limbs();
  }
  friend std::strong_ordering operator<=>(const ExactSum& a, const ExactSum& b);

 private:
  using Limbs = std::map<int, std::int64_t>;
  static Limbs carried(const Limbs& limbs, bool towards_negative);
  /// Limbs all of one sign, each below 10^9 in size, none zero.
  static Limbs carried(const Limbs& limbs);
  static void add_to(Limbs& limbs, Int128 unscaled, int scale);
  static void add_to(Limbs& limbs, std::string_view digits, int exponent, bool negative);
  Limbs all_limbs() const;

  /// Of units of 10^-18, nearly always everything; less than 2^126 in size.
  Int128 units_ = 0;
  /// The rest. Position p counts units of 10^(9p). Lazy: limbs are carried when they are read.
  Limbs limbs_;
};

/// A decimal(38,18): money, rates and quantities. Arithmetic is exact or throws kInvalidData.
class Decimal {
 public:
  constexpr Decimal() = default;
  static constexpr Decimal from_unscaled(Int128 unscaled) { return Decimal(unscaled); }

  /// What a text says as a number, and how faithfully decimal(38,18) holds it.
  struct Parsed;
  /// [+-]digits[.digits][(e|E)[+-]digits], with at least one digit before the exponent; no blanks.
  /// More than 18 decimals are rounded half-even. Nothing for other texts, for 10^20 and more, and
  /// for a text whose exact value has more than kMostDecimals decimals.
  static std::optional<Parsed> parse(std::string_view text);
  static constexpr int kMostDecimals = 2000;

  constexpr Int128 unscaled() const { return unscaled_; }
  /// As ExactSum::to_string.
  std::string to_string() const;

  Decimal operator+(Decimal other) const;
  Decimal operator-(Decimal other) const;
  Decimal operator-() const { return Decimal(-unscaled_); }
  Decimal operator*(Decimal other) const;  // rounded half-even to 18 decimals
  /// The one rule for averages, rates and ratios: rounded half-even to 18 decimals. Throws
  /// kInvalidData for a zero divisor.
  static Decimal quotient(Decimal dividend, Decimal divisor);
  auto operator<=>(const Decimal&) const = default;

 private:
  explicit constexpr Decimal(Int128 unscaled) : unscaled_(unscaled) {}
  Int128 unscaled_ = 0;
};

struct Decimal::Parsed {
  Decimal value;
  bool was_rounded = false;
  ExactSum residual;  // exact value minus rounded value; zero unless was_rounded
};

}  // namespace finops
