#pragma once

#include <cstdint>

#include "finops/core/decimal.h"

namespace finops::anomaly {

/// Something true or false of each method; docs/anomaly.md has their formulas.
struct Methods {
  bool z_score = false;
  bool mad = false;
  bool percentile = false;

  int count() const { return int{z_score} + int{mad} + int{percentile}; }
  bool operator==(const Methods&) const = default;
};

/// What measures the spread of values more than half of which are the same, so that their median
/// absolute deviation is 0.
enum class MadOfZero {
  kMeanAbsoluteDeviation,  // the mean absolute deviation about the median takes its place
  kTiny,                   // it counts as 0.000001
};

/// When a value is an outlier, and how many methods make it an anomaly.
struct Rules {
  /// A score is an outlier's when it is greater, whatever its sign.
  Decimal z_threshold = Decimal::from_unscaled(3'000'000'000'000'000'000);
  Decimal mad_threshold = Decimal::from_unscaled(4'000'000'000'000'000'000);
  /// From 0 to 1: a value below the one or above the other percentile is an outlier.
  Decimal lower_percentile = Decimal::from_unscaled(10'000'000'000'000'000);
  Decimal upper_percentile = Decimal::from_unscaled(990'000'000'000'000'000);
  /// Fewer rows are not judged.
  std::uint64_t min_rows = 10;
  MadOfZero mad_of_zero = MadOfZero::kMeanAbsoluteDeviation;
  /// An anomaly is what at least `votes` of these methods call an outlier.
  Methods deciding = {.mad = true};
  int votes = 1;
  /// Values below zero are refunds: without this they are no part of the population and never
  /// judged.
  bool takes_refunds = false;
};

/// Throws kInvalidConfig, with all that is wrong: a negative threshold, percentiles that are not
/// 0 <= lower <= upper <= 1, votes that are not 1 to the number of deciding methods.
void check(const Rules& rules);

}  // namespace finops::anomaly
