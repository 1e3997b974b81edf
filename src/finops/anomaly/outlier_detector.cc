#include "finops/anomaly/outlier_detector.h"

#include <algorithm>

#include "finops/anomaly/wide_integers.h"

namespace finops::anomaly {
namespace {

constexpr UInt128 kLargest = ~UInt128{0};

// Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993: of a normal distribution the
// MAD is 0.6745 standard deviations (their modified z-score), and a standard deviation 1.253314
// mean absolute deviations.
constexpr unsigned kMadFactor = 6745, kFactorOfOne = 10'000;  // in ten thousandths
constexpr std::uint64_t kMeanDeviationFactor = 1'253'314;     // in millionths
constexpr UInt128 kTinyMad = 1'000'000'000'000;               // 0.000001, unscaled

/// a * b / divisor rounded half-even, for a result that UInt128 holds. As Decimal's operator* would
/// but for its limit, because a factor's zeros at the end change nothing.
UInt128 scaled(UInt128 a, std::uint64_t b, std::uint64_t divisor) {
  if (a <= kLargest / b) return half_even_quotient(a * b, UInt128{divisor});
  return static_cast<UInt128>(half_even_quotient(UInt256(UInt256(a) * b), UInt256(divisor)));
}

/// As Decimal::quotient, but for what does not fit.
Decimal nearest_quotient(UInt128 dividend, UInt128 divisor, bool is_negative) {
  if (dividend <= kLargest / kUnit) {
    return nearest_decimal(half_even_quotient(dividend * kUnit, divisor), is_negative);
  }
  const UInt256 wide = UInt256(dividend) * kUnit;
  return nearest_decimal(half_even_quotient(wide, UInt256(divisor)), is_negative);
}

bool is_beyond(const std::optional<Decimal>& score, Decimal threshold) {
  return score && (*score > threshold || *score < -threshold);
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kScored: return "scored";
    case Outcome::kTooFewRows: return "too_few_rows";
    case Outcome::kAllEqual: return "all_equal";
  }
  return "scored";
}

void FlaggedRows::add(const Score& score, std::uint64_t rows) {
  if (score.flags.z_score) z_score += rows;
  if (score.flags.mad) mad += rows;
  if (score.flags.percentile) percentile += rows;
  if (score.flags.count() > 0) any += rows;
  if (score.is_anomaly) anomalies += rows;
}

OutlierDetector::OutlierDetector(std::span<const WeightedValue> values, const Rules& rules)
    : rules_(rules) {
  check(rules);
  const std::uint64_t rows = rows_of(values);
  auto first = values.begin();
  if (!rules.takes_refunds) {
    first = std::ranges::lower_bound(values, Decimal(), {}, &WeightedValue::value);
  }
  const std::span population(first, values.end());
  statistics_ = population_statistics(population, rules.lower_percentile, rules.upper_percentile);
  refunds_left_out_ = rows - statistics_.rows;
  if (statistics_.rows == 0 || statistics_.rows < rules.min_rows) return;
  outcome_ = population.size() == 1 ? Outcome::kAllEqual : Outcome::kScored;
  choose_spread();
}

void OutlierDetector::choose_spread() {
  mad_factor_ = kMadFactor;
  mad_divisor_ = static_cast<UInt128>(statistics_.mad->unscaled());
  if (mad_divisor_ != 0) return;
  if (rules_.mad_of_zero == MadOfZero::kTiny) {
    mad_divisor_ = kTinyMad;
    return;
  }
  mad_factor_ = kFactorOfOne;
  mad_divisor_ = scaled(static_cast<UInt128>(statistics_.mean_absolute_deviation->unscaled()),
                        kMeanDeviationFactor, 1'000'000);
}

std::optional<Decimal> OutlierDetector::mad_score(Decimal value) const {
  if (mad_divisor_ == 0) return std::nullopt;
  const UInt128 deviation = distance(value, *statistics_.median);
  return nearest_quotient(scaled(deviation, mad_factor_, kFactorOfOne), mad_divisor_,
                          value < *statistics_.median);
}

Score OutlierDetector::score(Decimal value) const {
  Score score;
  if (outcome_ != Outcome::kScored || (!rules_.takes_refunds && value < Decimal())) return score;
  if (statistics_.standard_deviation && *statistics_.standard_deviation != Decimal()) {
    score.z = nearest_quotient(distance(value, *statistics_.mean),
                               static_cast<UInt128>(statistics_.standard_deviation->unscaled()),
                               value < *statistics_.mean);
  }
  score.mad = mad_score(value);
  score.flags.z_score = is_beyond(score.z, rules_.z_threshold);
  score.flags.mad = is_beyond(score.mad, rules_.mad_threshold);
  score.flags.percentile =
      value < *statistics_.lower_percentile || value > *statistics_.upper_percentile;
  const Methods voting = {.z_score = score.flags.z_score && rules_.deciding.z_score,
                          .mad = score.flags.mad && rules_.deciding.mad,
                          .percentile = score.flags.percentile && rules_.deciding.percentile};
  score.votes = voting.count();
  score.is_anomaly = score.votes >= rules_.votes;
  return score;
}

std::vector<Score> OutlierDetector::scores(std::span<const WeightedValue> values) const {
  std::vector<Score> scores;
  scores.reserve(values.size());
  for (const auto& one : values) scores.push_back(score(one.value));
  return scores;
}

FlaggedRows OutlierDetector::flagged_rows(std::span<const WeightedValue> values) const {
  FlaggedRows flagged;
  for (const auto& one : values) flagged.add(score(one.value), one.count);
  return flagged;
}

}  // namespace finops::anomaly
