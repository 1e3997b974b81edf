#pragma once

// For tests: the statistics of docs/anomaly.md, stated again over a plain list of rows, by
// fractions of integers of any size, and slowly.

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/anomaly/outlier_detector.h"

namespace finops::anomaly {

inline Decimal decimal(std::string_view text) { return Decimal::parse(text)->value; }

/// What a detector is given of these rows.
inline std::vector<WeightedValue> histogram(const std::vector<Decimal>& rows) {
  std::map<Decimal, std::uint64_t> counts;
  for (const Decimal row : rows) ++counts[row];
  std::vector<WeightedValue> values;
  for (const auto& [value, count] : counts) values.push_back({value, count});
  return values;
}

class ExpandedRows {
 public:
  using Integer = boost::multiprecision::cpp_int;
  using Fraction = boost::multiprecision::cpp_rational;

  explicit ExpandedRows(const std::vector<Decimal>& rows) {
    for (const Decimal row : rows) rows_.emplace_back(Integer(row.unscaled()));
    std::ranges::sort(rows_);
    Fraction sum = 0;
    for (const Fraction& row : rows_) sum += row;
    mean = rounded(sum / rows_.size());
    median = middle(rows_);
    std::vector<Fraction> deviations;
    Fraction deviation_sum = 0, square_sum = 0;
    for (const Fraction& row : rows_) {
      deviations.emplace_back(abs(Fraction(row - median)));
      deviation_sum += deviations.back();
      square_sum += (row - mean) * (row - mean);
    }
    std::ranges::sort(deviations);
    mad = middle(deviations);
    mean_absolute_deviation = rounded(deviation_sum / rows_.size());
    if (rows_.size() > 1) standard_deviation = root(square_sum / (rows_.size() - 1));
  }

  Fraction percentile(Decimal share) const {
    const Fraction position =
        Fraction(Integer(share.unscaled()), kOne) * Fraction(rows_.size() - 1);
    const Integer rank = numerator(position) / denominator(position);
    const auto at = static_cast<std::size_t>(rank);
    if (at + 1 == rows_.size()) return rows_[at];
    return rounded(rows_[at] + (rows_[at + 1] - rows_[at]) * (position - rank));
  }

  std::optional<Fraction> z_score(Decimal value) const {
    if (standard_deviation == 0) return std::nullopt;
    return rounded((Integer(value.unscaled()) - mean) / standard_deviation * kOne);
  }

  std::optional<Fraction> mad_score(Decimal value, MadOfZero mad_of_zero) const {
    const Fraction deviation = Integer(value.unscaled()) - median;
    const Fraction scaled = rounded(deviation * Fraction(6745, 10000));
    if (mad != 0) return rounded(scaled / mad * kOne);
    if (mad_of_zero == MadOfZero::kTiny) return rounded(scaled / 1'000'000'000'000 * kOne);
    const Fraction spread = rounded(mean_absolute_deviation * Fraction(1253314, 1000000));
    if (spread == 0) return std::nullopt;
    return rounded(deviation / spread * kOne);
  }

  Fraction mean, median, mad, mean_absolute_deviation, standard_deviation;  // unscaled

  /// The digits of an unscaled number, "none" for nothing.
  static std::string digits(const std::optional<Fraction>& number) {
    return number ? number->str() : "none";
  }
  static std::string digits(const std::optional<Decimal>& number) {
    return number ? Integer(number->unscaled()).str() : "none";
  }

 private:
  static Fraction middle(const std::vector<Fraction>& ascending) {
    const std::size_t size = ascending.size();
    return rounded((ascending[(size - 1) / 2] + ascending[size / 2]) / 2);
  }

  static Fraction rounded(const Fraction& number) {
    const Fraction size = abs(number);
    Integer whole = numerator(size) / denominator(size);
    const Fraction rest = size - whole;
    if (rest > Fraction(1, 2) || (rest == Fraction(1, 2) && whole % 2 == 1)) ++whole;
    return number < 0 ? -whole : whole;
  }

  /// By bisection for the largest root of twice the precision, then a look at what is left.
  static Fraction root(const Fraction& square) {
    Integer low = 0, high = Integer(1) << 140;
    while (high - low > 1) {
      const Integer middle = (low + high) / 2;
      (Fraction(middle * middle) <= square * 4 ? low : high) = middle;
    }
    const bool is_exact = Fraction(low * low) == square * 4;
    Integer whole = low / 2;
    const bool is_upper_half = low % 2 == 1;
    if (is_upper_half && (!is_exact || whole % 2 == 1)) ++whole;
    return whole;
  }

  static inline const Integer kOne{"1000000000000000000"};
  std::vector<Fraction> rows_;
};

}  // namespace finops::anomaly
