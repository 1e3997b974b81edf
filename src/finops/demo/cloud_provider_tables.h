#pragma once

#include <nlohmann/json.hpp>

#include "finops/demo/cloud_provider_demo.h"
#include "finops/demo/cloud_provider_world.h"

namespace finops {

/// Writes the seven CSV files below `out`/landing. Returns what is in them, {"<dataset>": {"file",
/// "rows", "bytes", ...}}, and appends them to summary.written.
nlohmann::ordered_json write_cloud_tables(const CloudProviderOptions& options,
                                          const CloudWorld& world, CloudProviderSummary& summary);

}  // namespace finops
