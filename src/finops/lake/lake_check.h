#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "finops/core/clock.h"
#include "finops/lake/catalog.h"
#include "finops/lake/lake_paths.h"
#include "finops/stores/object_store.h"

namespace finops::lake {

/// Something that the lake needs and that is missing or wrong.
struct LakeProblem {
  TableName table;
  std::string file;     // its URI; empty when it is about no file
  std::string finding;  // what is wrong, and what helps
};

/// A file below the lake's root that no table's metadata leads to: what a killed run left, or what
/// an expiry could not remove. A run that is still at work has such files too, for as long as it
/// has not committed.
struct OrphanFile {
  std::string key;
  std::uint64_t bytes = 0;
  TimePoint last_modified;
  /// In the data or metadata folder of a table of the catalog; others are never removed, since
  /// another catalog may know them.
  bool is_removable = false;
};

struct CheckedTable {
  TableName name;
  std::string metadata_location;
  std::size_t snapshots = 0;
  std::size_t files = 0;    // that all snapshots need
  std::uint64_t bytes = 0;  // of those that are there
};

struct LakeCheck {
  std::vector<CheckedTable> tables;
  std::vector<LakeProblem> problems;
  std::vector<OrphanFile> orphans;  // in key order
};

/// Compares what the metadata of all tables names, in every snapshot that they have, with what the
/// store lists. Changes nothing. The store is listed once; single files are asked for only where
/// the list lacks one that is needed. Runs that load or expire meanwhile do no harm.
LakeCheck check_lake(ObjectStore& store, const LakePaths& paths, Catalog& catalog);

/// A run may take so long from its first file to its commit.
inline constexpr Duration kShortestOrphanAge = std::chrono::hours(1);

/// Removes the removable orphans of `check` that were last changed more than `older_than` ago, and
/// that are orphans still; returns them. kUsage below kShortestOrphanAge; kConflict when the check
/// found a problem: then it is not known what is needed.
std::vector<OrphanFile> remove_orphans(ObjectStore& store, const LakePaths& paths, Catalog& catalog,
                                       Clock& clock, const LakeCheck& check, Duration older_than);

}  // namespace finops::lake
