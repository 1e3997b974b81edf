#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/chaos/chaos_world.h"

namespace finops::chaos {

/// Which version of each partition the lake shows; none: ''. With kWithoutLate behind it while late
/// lines of it are in quarantine.
using VisibleVersions = std::map<PartitionName, std::string>;
inline constexpr std::string_view kWithoutLate = " without late lines";

/// What is wrong with a lake that any number of faults have hit, in sentences; none: in each
/// partition it shows one delivery that was made, whole: exactly its lines, its faulty ones in
/// quarantine, late ones in the lake or in quarantine, all of them and once, a ledger that says so
/// and has lost no record and no waiver since the last look, a receipt that balances and names the
/// true sums; all files that any snapshot names are there; views can be
/// read.
std::vector<std::string> visible_problems(ChaosWorld& world, VisibleVersions* visible = nullptr);

/// The same, and each partition that no hold keeps back shows its newest delivery, unless that is
/// one to be refused and not waived, which the ledger knows then; late lines are in the lake; the
/// second reader agrees; views show every line.
std::vector<std::string> converged_problems(ChaosWorld& world);

}  // namespace finops::chaos
