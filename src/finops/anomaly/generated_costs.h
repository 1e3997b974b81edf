#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "finops/anomaly/population_statistics.h"
#include "finops/core/decimal.h"

namespace finops::anomaly {

/// How the costs of a generated service scatter.
enum class Scatter {
  kNormal,     // about its level, with a standard deviation of a tenth of it
  kLogNormal,  // products of many factors: most are small and a few are very large
};

/// Costs of which it is known what does not belong. For tests; made of integers only, so that they
/// are the same on every machine.
class GeneratedCosts {
 public:
  struct Rows {
    std::uint64_t usual = 0, spikes = 0;
  };
  using Group = std::map<Decimal, Rows>;

  /// Eight services of 2,000 rows each at price levels from 0.02 to 4,000. One row of a hundred is
  /// a spike, 5 to 15 robust standard deviations (1.4826 MAD of its service) above the median.
  static GeneratedCosts make(Scatter scatter);

  const std::vector<Group>& groups() const { return groups_; }
  /// All services as one group.
  Group together() const;

  static std::vector<WeightedValue> values_of(const Group& group);

 private:
  std::vector<Group> groups_;
};

}  // namespace finops::anomaly
