#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "finops/lake/lake_paths.h"
#include "finops/stores/object_store.h"

namespace finops::lake {

/// A metadata file as it lies in a table's folder.
struct FoundMetadata {
  std::string name;  // of the file
  std::string uri;   // by the table's own location: of the former place when the lake was moved
  std::int64_t updated_ms = 0;
  std::int64_t base_updated_ms = -1;  // of the version that it succeeds; -1: it is the first
  std::string base_name;
  std::optional<std::int64_t> snapshot_id;
  std::vector<std::string> log;  // names of earlier versions
};

/// A table's folder and what may be its current metadata. A metadata file that another one lists in
/// its log was committed and is past. One that none lists is a head: it was committed last, or
/// never, by an attempt that was killed before its swap. All versions that were ever committed are
/// one line, so of the heads only those that succeed the latest known version count.
struct FoundTable {
  TableName name;
  std::string folder;                // key, without a '/' at its end
  std::string root;                  // of the lake, as the table's location says it
  std::vector<FoundMetadata> files;  // all that could be read, newest first
  std::vector<FoundMetadata> heads;  // newest first
  std::vector<FoundMetadata> bases;  // what the heads succeed, where it is still there
};

struct FoundTables {
  std::vector<FoundTable> tables;
  std::vector<std::string> notes;  // files and folders that could not be used, and why
};

/// Looks through the whole lake, without any catalog. Knows folders
/// `<namespace>/<table>/metadata/`.
FoundTables find_tables(ObjectStore& store, const LakePaths& paths);

}  // namespace finops::lake
