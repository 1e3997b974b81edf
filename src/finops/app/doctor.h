#pragma once

#include <vector>

#include "finops/cli/services.h"

namespace finops {

/// Looks at every precondition of a run, each on its own, changing nothing but a probe file that it
/// removes again.
std::vector<DoctorCheck> examine(const Configuration& configuration, Clock& clock);

}  // namespace finops
