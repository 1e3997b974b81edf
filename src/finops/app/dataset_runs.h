#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "finops/cli/services.h"
#include "finops/config/configuration.h"

namespace finops {

/// Adds what the `dataset` commands can do.
void wire_datasets(Services& services);

}  // namespace finops
