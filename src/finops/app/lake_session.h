#pragma once

#include <stop_token>
#include <utility>

#include "finops/app/aws_connections.h"
#include "finops/app/connectors.h"

namespace finops {

/// The lake of one command, and what it needs for as long.
struct LakeSession {
  explicit LakeSession(const Configuration& configuration, std::stop_token stop = {})
      : aws(Environment::of_process(), system_clock(), std::move(stop)),
        lake(open_lake(configuration, aws, system_clock())) {}

  AwsConnections aws;
  OpenLake lake;
};

}  // namespace finops
