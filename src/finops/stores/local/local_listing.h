#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

#include "finops/stores/object_store.h"

namespace finops::local {

/// The regular files below `folder` whose names begin with `name_prefix`, and those in folders
/// below it whose names do, as keys that begin with `key_prefix`, in byte order of the keys. Links
/// are followed; a link that leads back to a folder on the way to it, a link to nothing, and what
/// is neither file nor folder are no objects. A missing folder is an empty one; kPermissionDenied
/// names what could not be read.
std::vector<ObjectInfo> list_tree(const std::string& folder, std::string_view key_prefix,
                                  std::string_view name_prefix);

/// One level of the same. Folders without any object are left out, as stores without folders do.
Listing list_folder(const std::string& folder, std::string_view key_prefix);

}  // namespace finops::local
