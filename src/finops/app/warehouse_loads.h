#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "finops/app/aws_connections.h"
#include "finops/cli/services.h"

namespace finops {

/// What the warehouse of [database.bigquery] has of the bills now, in words; asks it, and changes
/// nothing.
std::string describe_warehouse(const BigQueryConfig& config, const AwsConnections& aws);

/// Makes the warehouse of [database.bigquery] equal to the lake. kInvalidConfig when there is no
/// such section.
WarehouseReport load_remote(const Configuration& configuration, const RemoteRequest& request,
                            const std::function<void(const RemotePeriod&)>& on_period,
                            const std::stop_token& stop);

}  // namespace finops
