#pragma once

#include <optional>
#include <string>
#include <vector>

#include "finops/stores/object_store.h"

namespace finops {

/// One file of a staged delivery: the object that it is a copy of, and its name in the folder.
struct StagedFile {
  ObjectInfo object;
  std::string name;
};

/// What a folder of the staging area holds, as its file `delivery.json` says. Written before the
/// first byte is downloaded, and again, complete, after the last one.
struct StagingMark {
  static constexpr const char* kFileName = "delivery.json";

  std::string source, billing_period, execution_id;
  bool is_complete = false;
  std::vector<StagedFile> files;  // first the manifest, where there is one
};

/// Nothing when there is none, or none that can be read: then the folder counts as empty.
std::optional<StagingMark> read_staging_mark(const std::string& folder);
/// Atomically and durably.
void write_staging_mark(const std::string& folder, const StagingMark& mark);

/// <staging_dir>/<source>/<billing_period>
std::string staging_folder_of(const std::string& staging_folder, const std::string& source,
                              const std::string& billing_period);

}  // namespace finops
