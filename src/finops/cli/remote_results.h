#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "finops/cli/command_context.h"
#include "finops/cli/services.h"

namespace finops {

/// Makes the configured warehouse equal to the lake and shows each period as it is done.
WarehouseReport sync_with_display(CommandContext& context, const Configuration& configuration,
                                  const RemoteRequest& request);

/// The end of it, for people.
void print_remote(CommandContext& context, const WarehouseReport& report);

nlohmann::ordered_json remote_document(const WarehouseReport& report);

}  // namespace finops
