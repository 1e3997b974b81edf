#pragma once

#include <filesystem>
#include <memory>

#include "finops/stores/object_store.h"

namespace finops {

struct LocalStoreOptions {
  /// For stores that are read: kNotFound at once when there is no such folder. Otherwise the folder
  /// is made by the first write, and is empty until then.
  bool must_exist = false;
  /// Unfinished files have no name (O_TMPFILE) where the file system can do that, so that a killed
  /// process leaves nothing. False: as where it cannot.
  bool nameless_files = true;
};

/// The files below `root` as objects: the key is the path below it. Links to files and folders are
/// followed. What folders cannot do, it refuses with kUnsupported and never guesses: keys that are
/// absolute or have '..', '.' or empty names between slashes, names over 255 bytes, and an object
/// 'a' beside an object 'a/b'. Folders are made as needed and stay when they become empty;
/// list_level does not show those.
std::unique_ptr<ObjectStore> make_local_store(const std::filesystem::path& root,
                                              const LocalStoreOptions& options = {});

}  // namespace finops
