#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "finops/core/decimal.h"

namespace finops::anomaly {

/// A value, and how many rows have it.
struct WeightedValue {
  Decimal value;
  std::uint64_t count = 0;
};

/// The sum of the counts. Throws kInternal unless the values ascend, no two are the same, no count
/// is 0 and the sum is less than 2^64.
std::uint64_t rows_of(std::span<const WeightedValue> values);

/// What a population's values are like, in their unit, each number rounded half-even to 18
/// decimals. A standard deviation that decimal(38,18) cannot hold, which takes amounts near 10^20
/// of both signs, is the largest decimal.
struct PopulationStatistics {
  std::uint64_t rows = 0;
  // Nothing in an empty population.
  std::optional<Decimal> mean;
  std::optional<Decimal> median;
  std::optional<Decimal> mad;                      // median of |value - median|
  std::optional<Decimal> mean_absolute_deviation;  // mean of |value - median|
  std::optional<Decimal> lower_percentile, upper_percentile;
  // Of a sample: divided by rows - 1. Nothing below two rows.
  std::optional<Decimal> standard_deviation;
};

/// Exact, by the formulas of docs/anomaly.md; percentiles are from 0 to 1. Throws as rows_of.
PopulationStatistics population_statistics(std::span<const WeightedValue> values,
                                           Decimal lower_percentile, Decimal upper_percentile);

}  // namespace finops::anomaly
