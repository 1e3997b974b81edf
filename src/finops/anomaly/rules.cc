#include "finops/anomaly/rules.h"

#include <string>

#include "finops/core/error.h"

namespace finops::anomaly {

void check(const Rules& rules) {
  static constexpr Decimal kZero, kOne = Decimal::from_unscaled(1'000'000'000'000'000'000);
  std::string mistakes;
  const auto expect = [&mistakes](bool holds, const std::string& mistake) {
    if (!holds) mistakes += (mistakes.empty() ? "" : "; ") + mistake;
  };
  expect(rules.z_threshold >= kZero,
         "the threshold of z scores is negative, " + rules.z_threshold.to_string());
  expect(rules.mad_threshold >= kZero,
         "the threshold of MAD scores is negative, " + rules.mad_threshold.to_string());
  expect(rules.lower_percentile >= kZero && rules.lower_percentile <= rules.upper_percentile &&
             rules.upper_percentile <= kOne,
         "the percentiles are not 0 <= lower <= upper <= 1 but " +
             rules.lower_percentile.to_string() + " and " + rules.upper_percentile.to_string());
  const int methods = rules.deciding.count();
  expect(methods > 0, "no method decides");
  expect(methods == 0 || (rules.votes >= 1 && rules.votes <= methods),
         "the votes needed are " + std::to_string(rules.votes) + ", the methods that decide " +
             std::to_string(methods));
  if (mistakes.empty()) return;
  throw Error(ErrorKind::kInvalidConfig, "the rules for anomalies cannot be used: " + mistakes);
}

}  // namespace finops::anomaly
