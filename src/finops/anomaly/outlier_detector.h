#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "finops/anomaly/population_statistics.h"
#include "finops/anomaly/rules.h"
#include "finops/core/decimal.h"

namespace finops::anomaly {

/// Whether the values of a population have scores.
enum class Outcome {
  kScored,
  kTooFewRows,  // fewer than Rules::min_rows, or none
  kAllEqual,    // one value in all rows
};
std::string_view to_string(Outcome outcome);  // "too_few_rows"

/// What the methods say of one value.
struct Score {
  /// In standard deviations from the mean; nothing where the deviation is 0.
  std::optional<Decimal> z;
  /// In robust standard deviations from the median; nothing where no spread is left to measure by.
  std::optional<Decimal> mad;
  Methods flags;  // which methods call it an outlier, deciding or not
  int votes = 0;  // how many of the deciding ones
  bool is_anomaly = false;
};

/// How many rows are outliers by each method.
struct FlaggedRows {
  std::uint64_t z_score = 0, mad = 0, percentile = 0;
  std::uint64_t any = 0;  // by one method at least, deciding or not
  std::uint64_t anomalies = 0;

  void add(const Score& score, std::uint64_t rows);
};

/// Which values of one population, such as the costs of one service, are outliers, exactly by the
/// formulas of docs/anomaly.md: who calculates them with decimals gets the same digits. It keeps
/// statistics only, none of the values. A score that decimal(38,18) cannot hold is the largest
/// decimal, or its negative. May be used from several threads at once.
class OutlierDetector {
 public:
  /// Throws kInternal as rows_of(values), kInvalidConfig as check(rules).
  OutlierDetector(std::span<const WeightedValue> values, const Rules& rules);

  Outcome outcome() const { return outcome_; }
  /// Of the population, which has no refunds unless the rules take them. There is one unless it is
  /// empty, also where nothing is scored.
  const PopulationStatistics& statistics() const { return statistics_; }
  std::uint64_t refunds_left_out() const { return refunds_left_out_; }

  /// Of any value; empty for a refund that was left out, and without the outcome kScored.
  Score score(Decimal value) const;
  /// One for each of the values.
  std::vector<Score> scores(std::span<const WeightedValue> values) const;
  /// The same, counted.
  FlaggedRows flagged_rows(std::span<const WeightedValue> values) const;

 private:
  void choose_spread();
  std::optional<Decimal> mad_score(Decimal value) const;

  Rules rules_;
  PopulationStatistics statistics_;
  std::uint64_t refunds_left_out_ = 0;
  Outcome outcome_ = Outcome::kTooFewRows;
  // A MAD score is (value - median) * mad_factor_ / 10000 / mad_divisor_; the divisor is unscaled
  // and 0 where there are no scores.
  unsigned mad_factor_ = 0;
  UInt128 mad_divisor_ = 0;
};

}  // namespace finops::anomaly
