#pragma once

#include "finops/cli/services.h"

namespace finops {

/// All that the commands can do, made of the configuration that each call brings.
Services make_services();

}  // namespace finops
