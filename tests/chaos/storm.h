#pragma once

#include <cstdint>
#include <filesystem>

#include "tests/chaos/each_call.h"
#include "tests/chaos/fault_tally.h"

namespace finops::chaos {

/// Weeks of a lake in a second, all of it by the seed: payers with bills of any shape, months that
/// are restated, and between the restatements several workers at once that load, load again, replay
/// and waive quarantined rows, roll back, release, expire and look, some of them with the rules of
/// a version of before, on one machine or (with locks of their own) on several, each with faults
/// and with a clock that jumps. After each round the lake is held against the truth; at the end,
/// without faults, it must show every newest delivery.
struct Storm {
  std::uint64_t seed = 1;
  std::size_t workers = 1;
};

/// Nothing when all was well.
std::vector<Finding> run_storm(const Storm& storm, const std::filesystem::path& folder,
                               FaultTally& tally);

}  // namespace finops::chaos
