#pragma once

#include <stop_token>
#include <vector>

#include "finops/cli/services.h"

namespace finops {

/// Proves on this machine, and with the user's own deliveries, that what is delivered is what ends
/// in a lake: loads bills of known truth and deliveries of the exports into a lake of its own,
/// which goes away again, compares them with the truth, reads them a second time by the other
/// reader, and holds them against what the user's lake says of them. Changes neither that lake nor
/// the staging area. Whatever fails is a bad check; throws kCancelled, and
/// kUsage for a source that is not configured.
std::vector<DoctorCheck> run_selftest(const Configuration& configuration,
                                      const SelftestRequest& request, const RunHooks& hooks,
                                      const std::stop_token& stop);

}  // namespace finops
