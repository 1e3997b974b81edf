#pragma once

#include <ostream>
#include <stop_token>

#include "finops/cli/services.h"
#include "finops/config/configuration.h"

namespace finops {

/// Runs the job service of [service] until a stop is requested; its log goes to `log`. Throws
/// kInvalidConfig for what the service cannot begin with.
void serve(const Configuration& configuration, const ServeRequest& request, std::ostream& log,
           const std::stop_token& stop);

}  // namespace finops
