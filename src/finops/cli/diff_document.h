#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "finops/cli/services.h"

namespace finops {

/// What `finops diff --json` prints: docs/commands.md.
nlohmann::ordered_json diff_document(const DiffRequest& request,
                                     const std::vector<BillComparison>& comparisons);

/// Whether anything at all is different.
bool has_changes(const BillComparison& comparison);

/// Each currency of either delivery, in the lake or only in quarantine.
std::vector<std::string> currencies_of(const BillComparison& comparison);

}  // namespace finops
