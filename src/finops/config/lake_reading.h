#pragma once

#include "finops/config/configuration.h"
#include "finops/config/setting.h"
#include "finops/core/environment.h"

namespace finops {

/// [lake] and lake_dir. How a lake in a bucket is reached is said in [lake]; what is not, in [aws],
/// except for the role, which is one that reads bills.
void read_lake(const SettingTable& table, const Environment& environment, Mistakes& mistakes,
               Configuration& result);

}  // namespace finops
