#include "finops/anomaly/generated_costs.h"

#include <random>

namespace finops::anomaly {
namespace {

using Random = std::mt19937_64;

constexpr int kRows = 2'000, kSpikes = 20;
constexpr Int128 kMillion = 1'000'000;
constexpr Int128 kMicro = 1'000'000'000'000;  // 0.000001, unscaled

/// In millionths: the sum of twelve even chances between 0 and 1 has a variance of one.
Int128 normal_noise(Random& random) {
  Int128 noise = -6 * kMillion;
  for (int i = 0; i < 12; ++i) noise += static_cast<Int128>(random() % 1'000'000);
  return noise;
}

/// In millionths: the logarithm of such a product has a standard deviation of 0.6.
Int128 log_normal_factor(Random& random) {
  Int128 factor = kMillion;
  for (int i = 0; i < 16; ++i) {
    factor = factor * (750'000 + static_cast<Int128>(random() % 500'000)) / kMillion;
  }
  return factor;
}

Decimal usual_cost(Scatter scatter, Int128 level_micros, Random& random) {
  const Int128 factor = scatter == Scatter::kNormal ? kMillion + normal_noise(random) / 10
                                                    : log_normal_factor(random);
  return Decimal::from_unscaled(level_micros * factor / kMillion * kMicro);
}

Decimal spike(const PopulationStatistics& usual, Random& random) {
  const auto deviations = static_cast<Int128>(5'000'000 + random() % 10'000'000);  // millionths
  const Int128 spread = usual.mad->unscaled() * 14826 / 10000;
  return Decimal::from_unscaled(usual.median->unscaled() + spread / kMillion * deviations);
}

}  // namespace

GeneratedCosts GeneratedCosts::make(Scatter scatter) {
  static constexpr Int128 kLevels[] = {20'000,     150'000,     900'000,     4'000'000,
                                       25'000'000, 110'000'000, 700'000'000, 4'000'000'000};
  Random random(20260503);
  GeneratedCosts costs;
  for (const Int128 level : kLevels) {
    Group group;
    for (int i = 0; i < kRows - kSpikes; ++i) ++group[usual_cost(scatter, level, random)].usual;
    const auto usual = population_statistics(values_of(group), Decimal(), Decimal());
    for (int i = 0; i < kSpikes; ++i) ++group[spike(usual, random)].spikes;
    costs.groups_.push_back(std::move(group));
  }
  return costs;
}

GeneratedCosts::Group GeneratedCosts::together() const {
  Group all;
  for (const Group& group : groups_) {
    for (const auto& [value, rows] : group) {
      all[value].usual += rows.usual;
      all[value].spikes += rows.spikes;
    }
  }
  return all;
}

std::vector<WeightedValue> GeneratedCosts::values_of(const Group& group) {
  std::vector<WeightedValue> values;
  for (const auto& [value, rows] : group) values.push_back({value, rows.usual + rows.spikes});
  return values;
}

}  // namespace finops::anomaly
