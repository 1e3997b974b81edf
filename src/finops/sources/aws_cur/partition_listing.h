#pragma once

#include <optional>
#include <string>
#include <vector>

#include "finops/sources/aws_cur/manifest.h"
#include "finops/stores/object_store.h"

namespace finops::aws_cur {

/// The data files of a v2 partition ("…/data/BILLING_PERIOD=2025-09/") whose manifest names none:
/// those of the folder of `version` where each delivery has its own (create-new), else those
/// directly inside (overwrite). Throws kInvalidData when several deliveries lie there and none is
/// told.
std::vector<std::string> files_of_partition(ObjectStore& store, const std::string& folder,
                                            const std::optional<std::string>& version,
                                            const ManifestPlace& place);

}  // namespace finops::aws_cur
