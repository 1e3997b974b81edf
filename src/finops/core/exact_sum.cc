#include <algorithm>
#include <iterator>

#include "finops/core/decimal.h"

namespace finops {
namespace {

constexpr std::int64_t kLimb = 1'000'000'000;
constexpr int kLimbDigits = 9;
// Lazily added limbs stay below this: more than 2^32 additions before a carry is due.
constexpr std::int64_t kCarryAt = std::int64_t{1} << 62;
constexpr Int128 kMostUnits = static_cast<Int128>(1) << 126;

int floor_div(int value, int divisor) {
  return value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor);
}

int digit_at(std::string_view digits, std::ptrdiff_t index) {
  const bool is_inside = index >= 0 && index < std::ssize(digits);
  return is_inside ? digits[static_cast<std::size_t>(index)] - '0' : 0;
}

}  // namespace

void ExactSum::add(Int128 unscaled, int scale) {
  Int128 sum = 0;
  const bool is_counted = scale == kDecimalScale &&
                          !__builtin_add_overflow(units_, unscaled, &sum) && sum < kMostUnits &&
                          sum > -kMostUnits;
  if (is_counted) {
    units_ = sum;
  } else {
    add_to(limbs_, unscaled, scale);
  }
}

void ExactSum::add_to(Limbs& limbs, Int128 unscaled, int scale) {
  const bool is_negative = unscaled < 0;
  auto rest = static_cast<UInt128>(unscaled);
  if (is_negative) rest = -rest;
  if (scale % kLimbDigits == 0) {  // the usual case, 18: limbs and digits are aligned
    for (int position = -scale / kLimbDigits; rest != 0; ++position, rest /= kLimb) {
      const auto limb = static_cast<std::int64_t>(rest % kLimb);
      std::int64_t& sum = limbs[position];
      sum += is_negative ? -limb : limb;
      if (sum > kCarryAt || sum < -kCarryAt) limbs = carried(limbs);
    }
    return;
  }
  std::string digits;
  for (; rest != 0; rest /= 10) digits += static_cast<char>('0' + static_cast<int>(rest % 10));
  std::ranges::reverse(digits);
  add_to(limbs, digits, static_cast<int>(digits.size()) - scale, is_negative);
}

void ExactSum::add_to(Limbs& limbs, std::string_view digits, int exponent, bool negative) {
  // digits[i] counts 10^(exponent - 1 - i).
  const int highest = floor_div(exponent - 1, kLimbDigits);
  const int lowest = floor_div(exponent - static_cast<int>(digits.size()), kLimbDigits);
  for (int position = lowest; position <= highest; ++position) {
    std::int64_t limb = 0;
    for (int power = (position + 1) * kLimbDigits - 1; power >= position * kLimbDigits; --power) {
      limb = limb * 10 + digit_at(digits, exponent - 1 - power);
    }
    if (limb == 0) continue;
    std::int64_t& sum = limbs[position];
    sum += negative ? -limb : limb;
    if (sum > kCarryAt || sum < -kCarryAt) limbs = carried(limbs);
  }
}

void ExactSum::add_digits(std::string_view digits, int exponent, bool negative) {
  add_to(limbs_, digits, exponent, negative);
}

void ExactSum::add(const ExactSum& other) {
  add(other.units_);
  if (other.limbs_.empty()) return;
  for (const auto& [position, limb] : carried(other.limbs_)) limbs_[position] += limb;
  limbs_ = carried(limbs_);
}

void ExactSum::subtract(const ExactSum& other) {
  add(-other.units_);
  if (other.limbs_.empty()) return;
  for (const auto& [position, limb] : carried(other.limbs_)) limbs_[position] -= limb;
  limbs_ = carried(limbs_);
}

/// Limbs of one sign, each within kLimb: carries are taken upwards, borrows so that every limb has
/// the wanted sign. A last carry against it cannot be resolved: the caller tries the other sign.
ExactSum::Limbs ExactSum::carried(const Limbs& limbs, bool towards_negative) {
  const std::int64_t unit = towards_negative ? -kLimb : kLimb;
  Limbs out;
  std::int64_t carry = 0;
  int position = 0;
  const auto put = [&](std::int64_t sum) {
    std::int64_t limb = sum % kLimb;
    carry = sum / kLimb;
    if (towards_negative ? limb > 0 : limb < 0) {
      limb += unit;
      carry -= unit / kLimb;
    }
    if (limb != 0) out[position] = limb;
    ++position;
  };
  for (const auto& [at, sum] : limbs) {
    while (carry != 0 && position < at) put(carry);
    position = at;
    put(sum + carry);
  }
  while (carry != 0 && (carry < 0) == towards_negative) put(carry);
  if (carry != 0) out[position] = carry;
  return out;
}

ExactSum::Limbs ExactSum::carried(const Limbs& limbs) {
  Limbs out = carried(limbs, false);
  if (!out.empty() && out.rbegin()->second < 0) out = carried(limbs, true);
  return out;
}

ExactSum::Limbs ExactSum::all_limbs() const {
  Limbs limbs = limbs_;
  add_to(limbs, units_, kDecimalScale);
  return carried(limbs);
}

int ExactSum::sign() const {
  if (limbs_.empty()) return units_ == 0 ? 0 : units_ < 0 ? -1 : 1;
  const Limbs limbs = all_limbs();
  return limbs.empty() ? 0 : limbs.rbegin()->second < 0 ? -1 : 1;
}

std::strong_ordering operator<=>(const ExactSum& a, const ExactSum& b) {
  ExactSum difference = a;
  difference.subtract(b);
  return difference.sign() <=> 0;
}

std::string ExactSum::to_string() const {
  const Limbs limbs = all_limbs();
  if (limbs.empty()) return "0";
  const int highest = std::max(limbs.rbegin()->first, 0);
  const int lowest = std::min(limbs.begin()->first, 0);
  std::string whole, fraction;
  for (int position = highest; position >= lowest; --position) {
    const auto it = limbs.find(position);
    const std::int64_t limb = it == limbs.end() ? 0 : it->second < 0 ? -it->second : it->second;
    std::string digits = std::to_string(limb);
    digits.insert(0, kLimbDigits - digits.size(), '0');
    (position >= 0 ? whole : fraction) += digits;
  }
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  fraction.erase(fraction.find_last_not_of('0') + 1);
  std::string text = limbs.rbegin()->second < 0 ? "-" : "";
  text += whole;
  if (!fraction.empty()) text += "." + fraction;
  return text;
}

std::optional<ExactSum> ExactSum::parse(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  const auto point = text.find('.');
  std::string digits(text.substr(0, point));
  const auto whole_digits = static_cast<int>(digits.size());
  if (point != std::string_view::npos) {
    if (point + 1 == text.size()) return std::nullopt;
    digits += text.substr(point + 1);
  }
  const bool is_number =
      whole_digits > 0 && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return std::nullopt;
  ExactSum sum;
  sum.add_digits(digits, whole_digits, is_negative);
  return sum;
}

}  // namespace finops
