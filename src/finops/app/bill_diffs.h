#pragma once

#include <stop_token>
#include <vector>

#include "finops/app/connectors.h"
#include "finops/cli/services.h"

namespace finops {

/// Compares two deliveries of each (table, source) of the request's period, over the very files
/// that they had in the lake. Those that have no two deliveries are left out. Throws kNotFound when
/// a delivery is unknown or its snapshots have expired, kUsage for one that never was in the lake,
/// kInvalidData when files do not hold what the receipt proved.
std::vector<BillComparison> compare_deliveries(const OpenLake& lake,
                                               const Configuration& configuration,
                                               const DiffRequest& request,
                                               const std::stop_token& stop);

}  // namespace finops
