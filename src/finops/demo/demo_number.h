#pragma once

#include <cstdint>
#include <string>

#include "finops/core/decimal.h"

namespace finops {

/// How a number is written: with all decimals of its scale, as Java's BigDecimal does (CUR v1), or
/// without zeros at the end (v2). Both use E-notation below 10^-6: "4.000E-7", "4E-7".
enum class DemoNumberForm { kFixed, kShortest };

/// digits * 10^-scale, or an empty cell. The scale may be negative (2.5E+6) and above 18.
struct DemoNumber {
  Int128 digits = 0;
  int scale = 0;
  bool is_empty = true;

  DemoNumber() = default;
  DemoNumber(Int128 of_digits, int of_scale)
      : digits(of_digits), scale(of_scale), is_empty(false) {}

  /// Exactly this * factor * 10^-more_scale: percentages.
  DemoNumber times(int factor, int more_scale) const;
  DemoNumber operator-() const;
  DemoNumber operator+(const DemoNumber& other) const;
  DemoNumber operator-(const DemoNumber& other) const { return *this + -other; }

  /// As decimal(38,18) holds it: rounded half-even.
  Int128 rounded() const;
  /// Exact value minus rounded value.
  ExactSum residual() const;
  bool is_rounded() const;
};

/// The product with `scale` decimals, for costs: usage times rate.
DemoNumber demo_product(const DemoNumber& a, const DemoNumber& b, int scale);

void append_number(std::string& out, const DemoNumber& number, DemoNumberForm form);

/// digits * 10^-scale in its shortest form: "-12.5" for -125 and scale 1.
void append_shortest(std::string& out, std::int64_t digits, int scale);
std::string shortest_text(std::int64_t digits, int scale);

/// A sum over millions of rows: one 128-bit addition each.
class DemoSum {
 public:
  void add(Int128 unscaled) {
    if (__builtin_add_overflow(pending_, unscaled, &pending_)) [[unlikely]]
      flush(unscaled);
  }
  ExactSum total() const {
    ExactSum sum = full_;
    sum.add(pending_);
    return sum;
  }

 private:
  void flush(Int128 unscaled);

  Int128 pending_ = 0;
  ExactSum full_;
};

}  // namespace finops
