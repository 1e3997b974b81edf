#pragma once

#include <ostream>

#include "finops/cli/services.h"

namespace finops {

/// What `finops diff` shows people of one comparison.
void print_diff(std::ostream& out, const BillComparison& comparison);

}  // namespace finops
