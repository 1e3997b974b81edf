#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "finops/lake/committer.h"

namespace finops::lake {

/// One snapshot in the making: goes through the manifests of its parent, carries over, drops or
/// rewrites each, and adds the new files. There is one manifest per group_of() partitions, kept so
/// by the commit itself: a change of a group rewrites its manifests into one (entries that stay,
/// entries that it removes, entries that it adds); all others are carried over as they are, whoever
/// wrote them. So a table of bills has as many manifests as months, and a closed month's never
/// changes.
class SnapshotRewrite {
 public:
  /// `changes` are of one table, at most one per partition, and outlive this object.
  SnapshotRewrite(TableFiles& files, const LakePaths& paths, TableMetadata& next,
                  CommitAttempt& attempt, std::int64_t timestamp,
                  const std::vector<const PartitionChange*>& changes);

  /// Throws kConflict when a partition's live files are not those that its change was planned on.
  void run();
  std::int64_t snapshot_id() const { return snapshot_id_; }

 private:
  struct Totals {
    std::int64_t files = 0, rows = 0, bytes = 0;
    void add(const DataFile& file);
  };
  struct Partition {
    const PartitionChange* change = nullptr;
    std::vector<std::string> found;  // live data files
    bool keeps_files = false;
    std::vector<ManifestEntry> delete_files;  // of another writer
  };

  void take_over(const ManifestFile& manifest);
  bool is_touched(const ManifestFile& manifest) const;
  bool is_to_be_merged(const ManifestFile& manifest) const;
  void take_over(ManifestEntry entry, int content);
  void finish(const PartitionKey& key, Partition& partition);
  void remove(ManifestEntry& entry);
  void add(DataFile file);
  void write_manifests();
  Json snapshot();
  Json summary() const;
  void add_totals(Json& summary) const;

  TableFiles& files_;
  const LakePaths& paths_;
  TableMetadata& next_;
  CommitAttempt& attempt_;
  const std::int64_t timestamp_;
  const std::int64_t snapshot_id_;
  const std::int64_t sequence_number_;
  const int execution_id_field_;
  std::map<PartitionKey, Partition> partitions_;
  std::vector<std::string> groups_;  // that change
  ManifestList manifests_;
  /// Manifests to write: by content, then by group; "" for entries of groups that do not change,
  /// out of another writer's manifest that mixes them.
  std::map<std::pair<int, std::string>, ManifestEntries> rewritten_;
  Totals added_, removed_;
  std::int64_t removed_delete_files_ = 0;
};

}  // namespace finops::lake
