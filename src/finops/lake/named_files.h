#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "finops/lake/table_files.h"

namespace finops::lake {

/// A file that a table's metadata names, in whichever snapshot it still has.
struct NamedFile {
  std::string uri;
  const char* role;                    // "data file", "manifest"
  std::optional<std::uint64_t> bytes;  // as the metadata tells; nothing where it does not
  bool is_needed = true;               // false: kept for people only (the metadata log)
};

/// All files that one version of a table needs or knows.
struct NamedFiles {
  std::vector<NamedFile> files;  // each place once
  std::size_t snapshots = 0;
  std::size_t data_files = 0;  // live in any snapshot
  bool has_row_deletes = false;
  /// A metadata file, manifest list or manifest that is missing or damaged: what it names is not
  /// above.
  struct Unreadable {
    std::string uri, why;
  };
  std::vector<Unreadable> unreadable;
};

/// Reads every manifest list and manifest that the table's snapshots have, several at a time.
/// Throws what reading throws, but for files that are missing, damaged or not understood.
NamedFiles named_files(TableFiles& files, const LakePaths& paths,
                       const std::string& metadata_location);

}  // namespace finops::lake
