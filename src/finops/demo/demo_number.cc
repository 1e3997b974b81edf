#include "finops/demo/demo_number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace finops {
namespace {

UInt128 magnitude(Int128 value) {
  return value < 0 ? -static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

/// Half-even, away from the divisor's digits.
Int128 divided(Int128 value, Int128 divisor) {
  Int128 quotient = value / divisor;
  const Int128 rest = value % divisor;
  const UInt128 twice = magnitude(rest) * 2;
  const auto whole = static_cast<UInt128>(divisor);
  if (twice > whole || (twice == whole && quotient % 2 != 0)) quotient += value < 0 ? -1 : 1;
  return quotient;
}

class DigitText {
 public:
  explicit DigitText(UInt128 value) {
    constexpr std::uint64_t kPart = 1'000'000'000'000'000'000U;  // 18 digits
    char* begin = text_.data();
    if (value > kPart) {
      const auto high = static_cast<std::uint64_t>(value / kPart);  // fits: no 38 digits here
      begin = std::to_chars(begin, text_.data() + text_.size(), high).ptr;
      std::array<char, 20> low{};
      const auto* end = std::to_chars(low.data(), low.data() + low.size(),
                                      static_cast<std::uint64_t>(value % kPart))
                            .ptr;
      begin = std::fill_n(begin, 18 - (end - low.data()), '0');
      begin = std::copy(static_cast<const char*>(low.data()), end, begin);
    } else {
      begin =
          std::to_chars(begin, text_.data() + text_.size(), static_cast<std::uint64_t>(value)).ptr;
    }
    length_ = static_cast<std::size_t>(begin - text_.data());
  }
  std::string_view view() const { return {text_.data(), length_}; }

 private:
  std::array<char, 44> text_{};
  std::size_t length_ = 0;
};

void append_plain(std::string& out, std::string_view digits, int scale) {
  const int point = static_cast<int>(digits.size()) - scale;
  if (scale == 0) {
    out += digits;
  } else if (point > 0) {
    out += digits.substr(0, static_cast<std::size_t>(point));
    out += '.';
    out += digits.substr(static_cast<std::size_t>(point));
  } else {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  }
}

void append_scientific(std::string& out, std::string_view digits, int exponent) {
  out += digits[0];
  if (digits.size() > 1) {
    out += '.';
    out += digits.substr(1);
  }
  out += exponent < 0 ? "E-" : "E+";
  out += std::to_string(exponent < 0 ? -exponent : exponent);
}

}  // namespace

DemoNumber DemoNumber::times(int factor, int more_scale) const {
  if (is_empty) return {};
  return {digits * factor, scale + more_scale};
}

DemoNumber DemoNumber::operator-() const {
  DemoNumber negated = *this;
  negated.digits = -digits;
  return negated;
}

DemoNumber DemoNumber::operator+(const DemoNumber& other) const {
  if (is_empty) return other;
  if (other.is_empty) return *this;
  const int common = std::max(scale, other.scale);
  return {digits * power_of_10(common - scale) + other.digits * power_of_10(common - other.scale),
          common};
}

Int128 DemoNumber::rounded() const {
  if (is_empty) return 0;
  if (scale <= kDecimalScale) return digits * power_of_10(kDecimalScale - scale);
  return divided(digits, power_of_10(scale - kDecimalScale));
}

bool DemoNumber::is_rounded() const {
  return scale > kDecimalScale && digits % power_of_10(scale - kDecimalScale) != 0;
}

ExactSum DemoNumber::residual() const {
  ExactSum rest;
  rest.add(digits, scale);
  rest.add(-rounded());
  return rest;
}

DemoNumber demo_product(const DemoNumber& a, const DemoNumber& b, int scale) {
  const int excess = a.scale + b.scale - scale;
  const Int128 product = a.digits * b.digits;
  if (excess <= 0) return {product * power_of_10(-excess), scale};
  return {divided(product, power_of_10(excess)), scale};
}

void append_number(std::string& out, const DemoNumber& number, DemoNumberForm form) {
  if (number.is_empty) return;
  const DigitText text(magnitude(number.digits));
  std::string_view digits = text.view();
  int scale = number.scale;
  if (form == DemoNumberForm::kShortest) {
    while (scale > 0 && digits.size() > 1 && digits.back() == '0') {
      digits.remove_suffix(1);
      --scale;
    }
    if (number.digits == 0) scale = 0;
  }
  if (number.digits < 0) out += '-';
  const int exponent = static_cast<int>(digits.size()) - 1 - scale;
  if (scale >= 0 && exponent >= -6) {
    append_plain(out, digits, scale);
  } else {
    append_scientific(out, digits, exponent);
  }
}

void append_shortest(std::string& out, std::int64_t digits, int scale) {
  append_number(out, DemoNumber(digits, scale), DemoNumberForm::kShortest);
}

std::string shortest_text(std::int64_t digits, int scale) {
  std::string text;
  append_shortest(text, digits, scale);
  return text;
}

void DemoSum::flush(Int128 unscaled) {
  // The overflowing addition has wrapped: take it back, then carry.
  full_.add(static_cast<Int128>(static_cast<UInt128>(pending_) - static_cast<UInt128>(unscaled)));
  pending_ = unscaled;
}

}  // namespace finops
