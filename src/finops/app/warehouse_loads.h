#pragma once

#include <functional>
#include <stop_token>

#include "finops/cli/services.h"

namespace finops {

/// Makes the warehouse of [database.bigquery] equal to the lake. kInvalidConfig when there is no
/// such section.
WarehouseReport load_remote(const Configuration& configuration, const RemoteRequest& request,
                            const std::function<void(const RemotePeriod&)>& on_period,
                            const std::stop_token& stop);

}  // namespace finops
