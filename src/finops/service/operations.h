#pragma once

#include <functional>
#include <string>
#include <vector>

#include "finops/service/metrics.h"
#include "finops/service/router.h"

namespace finops {

/// One thing that a service needs to do its work. `name` is shown to anybody.
struct ReadinessCheck {
  std::string name;
  std::function<bool(std::stop_token)> is_ready;  // false also for what throws
};

/// /healthz (the process answers; under any load), /readyz (all checks hold, else 503 with those
/// that do not) and /metrics. `metrics` outlives the router. They are open to all.
void add_operations(Router& router, const Metrics& metrics, std::vector<ReadinessCheck> checks);

}  // namespace finops
