#pragma once

#include "finops/cli/services.h"

namespace finops {

/// What the commands of `finops lake` do.
void wire_lake_care(Services& services);

}  // namespace finops
