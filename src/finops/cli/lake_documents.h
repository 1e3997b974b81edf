#pragma once

#include <nlohmann/json_fwd.hpp>

#include "finops/cli/services.h"

namespace finops {

// What --json prints of the commands of `finops lake`; docs/commands.md describes each.

nlohmann::ordered_json expiry_document(const LakeExpiry& expiry);
nlohmann::ordered_json lake_check_document(const LakeCheckReport& report);
nlohmann::ordered_json relocation_document(const RelocationReport& report);
nlohmann::ordered_json restoration_document(const CatalogRestoration& restoration);

}  // namespace finops
