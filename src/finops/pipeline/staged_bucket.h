#pragma once

#include <memory>
#include <string>

#include "finops/stores/object_store.h"

namespace finops {

/// What is staged of a source, as the bucket that it came from: the objects of all complete
/// deliveries under their keys, with the ETags that they had there, so that a delivery is the same
/// one wherever it is read. Read-only: everything that would change it is kUnsupported.
std::shared_ptr<ObjectStore> open_staged_bucket(const std::string& staging_folder,
                                                const std::string& source);

}  // namespace finops
