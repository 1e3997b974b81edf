#include "finops/cli/version.h"

namespace finops {

std::string_view finops_version() { return FINOPS_VERSION; }

}  // namespace finops
