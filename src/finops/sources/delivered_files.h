#pragma once

#include <string>
#include <vector>

#include "finops/core/error.h"
#include "finops/sources/billing_source.h"
#include "finops/stores/object_store.h"

namespace finops {

/// The objects of a delivery as they are now, in the manifest's order: open them with their ETags.
/// Lists a folder once rather than asking for each of its files. A key that does not exist but does
/// when percent-decoded (manifests hold URIs) means the latter. Throws kNotFound naming every
/// missing file, kInvalidData when two entries are one object, kConflict when the provider is
/// replacing the files right now: it writes them over the old ones and the manifest last, so files
/// that are clearly younger than their manifest belong to a version whose manifest is still to
/// come. Of a delivery without a manifest a file that has gone is kConflict as well.
std::vector<ObjectInfo> check_files(ObjectStore& store, const Delivery& delivery);

/// False when the provider has delivered again since.
bool manifest_is_unchanged(ObjectStore& store, const Delivery& delivery);

/// What to throw when a delivery changed while its files were `read` ("read", "downloaded").
Error changed_while(const std::string& read, const Delivery& delivery);

}  // namespace finops
