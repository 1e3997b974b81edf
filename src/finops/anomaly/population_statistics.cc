#include "finops/anomaly/population_statistics.h"

#include <algorithm>
#include <utility>

#include "finops/anomaly/wide_integers.h"
#include "finops/core/error.h"

namespace finops::anomaly {
namespace {

using Values = std::span<const WeightedValue>;

/// lower + distance * fraction / 10^18, rounded half-even. Modulo 2^128, so that it serves signed
/// numbers too: half-even depends on the last bit of the result only.
UInt128 interpolated(UInt128 lower, UInt128 distance, UInt128 fraction) {
  const UInt256 product = UInt256(distance) * fraction;
  const UInt256 whole = product / kUnit;
  const auto remainder = static_cast<UInt128>(product % kUnit);
  const UInt128 result = lower + static_cast<UInt128>(whole);
  const bool rounds_up = remainder > kUnit / 2 || (remainder == kUnit / 2 && (result & 1) != 0);
  return result + (rounds_up ? 1 : 0);
}

/// The value at a position of the ascending rows, which may lie between two: of type 7 of Hyndman
/// and Fan, "Sample Quantiles in Statistical Packages", 1996. The position is `rank` and a
/// fraction, unscaled.
Decimal value_at(Values values, std::uint64_t rank, UInt128 fraction) {
  std::uint64_t rest = rank;
  auto at = values.begin();
  for (; rest >= at->count; ++at) rest -= at->count;
  if (fraction == 0 || rest + 1 < at->count) return at->value;
  const Decimal lower = at->value, upper = std::next(at)->value;
  return Decimal::from_unscaled(static_cast<Int128>(
      interpolated(static_cast<UInt128>(lower.unscaled()), distance(lower, upper), fraction)));
}

Decimal percentile(Values values, std::uint64_t rows, Decimal share) {
  const UInt128 position = static_cast<UInt128>(share.unscaled()) * (rows - 1);
  return value_at(values, static_cast<std::uint64_t>(position / kUnit), position % kUnit);
}

Decimal median_of(Values values, std::uint64_t rows) {
  return value_at(values, (rows - 1) / 2, rows % 2 == 0 ? kUnit / 2 : 0);
}

Decimal mean_of(Values values, std::uint64_t rows) {
  Int256 sum = 0;
  for (const auto& one : values) sum += Int256(one.value.unscaled()) * one.count;
  const UInt256 mean = half_even_quotient(UInt256(abs(sum)), UInt256(rows));
  return nearest_decimal(mean, sum < 0);
}

/// sqrt(dividend / divisor) rounded half-even.
UInt512 half_even_root(const UInt512& dividend, const UInt512& divisor) {
  UInt512 quotient, remainder;
  boost::multiprecision::divide_qr(dividend, divisor, quotient, remainder);
  const UInt512 root = boost::multiprecision::sqrt(quotient);
  // The root goes up above (root + 1/2)^2 = root^2 + root + 1/4.
  const UInt512 middle = root * root + root;
  if (quotient != middle) return quotient > middle ? root + 1 : root;
  const UInt512 quarters = remainder * 4;
  const bool rounds_up = quarters > divisor || (quarters == divisor && bit_test(root, 0));
  return rounds_up ? root + 1 : root;
}

Decimal standard_deviation_of(Values values, std::uint64_t rows, Decimal mean) {
  UInt512 sum = 0;  // below 2^319: a square takes 255 bits, the counts 64
  for (const auto& one : values) {
    const UInt256 deviation = distance(one.value, mean);
    sum += UInt512(deviation * deviation) * one.count;
  }
  return nearest_decimal(half_even_root(sum, UInt512(rows - 1)), false);
}

Decimal mean_absolute_deviation_of(Values values, std::uint64_t rows, Decimal median) {
  UInt256 sum = 0;
  for (const auto& one : values) sum += UInt256(distance(one.value, median)) * one.count;
  return nearest_decimal(half_even_quotient(sum, UInt256(rows)), false);
}

/// Median of |value - median|. The deviations ascend from the median to both sides, so the two
/// sides are merged until the middle is reached; nothing is sorted or stored.
Decimal mad_of(Values values, std::uint64_t rows, Decimal median) {
  auto right = std::ranges::lower_bound(values, median, {}, &WeightedValue::value);
  auto left = right;
  const auto next = [&]() -> const WeightedValue& {
    const bool is_right = left == values.begin() ||
                          (right != values.end() && distance(right->value, median) <=
                                                        distance(std::prev(left)->value, median));
    return is_right ? *right++ : *--left;
  };
  std::uint64_t rest = (rows - 1) / 2;
  const WeightedValue* one = &next();
  for (; rest >= one->count; one = &next()) rest -= one->count;
  UInt128 mad = distance(one->value, median);
  if (rows % 2 == 0 && rest + 1 == one->count) {
    const UInt128 upper = distance(next().value, median);
    mad = interpolated(mad, upper - mad, kUnit / 2);
  }
  return nearest_decimal(mad, false);
}

}  // namespace

std::uint64_t rows_of(Values values) {
  UInt128 rows = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].count == 0 || (i > 0 && values[i].value <= values[i - 1].value)) {
      throw Error(ErrorKind::kInternal, "the values of a population do not ascend, or one is in " +
                                            std::string("no row: ") + values[i].value.to_string());
    }
    rows += values[i].count;
  }
  if (rows > ~std::uint64_t{0}) {
    throw Error(ErrorKind::kInternal, "a population has 2^64 rows or more");
  }
  return static_cast<std::uint64_t>(rows);
}

PopulationStatistics population_statistics(Values values, Decimal lower_percentile,
                                           Decimal upper_percentile) {
  const std::uint64_t rows = rows_of(values);
  PopulationStatistics statistics{.rows = rows};
  if (rows == 0) return statistics;
  const Decimal mean = mean_of(values, rows), median = median_of(values, rows);
  statistics.mean = mean;
  statistics.median = median;
  statistics.mad = mad_of(values, rows, median);
  statistics.mean_absolute_deviation = mean_absolute_deviation_of(values, rows, median);
  statistics.lower_percentile = percentile(values, rows, lower_percentile);
  statistics.upper_percentile = percentile(values, rows, upper_percentile);
  if (rows > 1) statistics.standard_deviation = standard_deviation_of(values, rows, mean);
  return statistics;
}

}  // namespace finops::anomaly
