#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/lake/lake.h"
#include "finops/lake/table_metadata.h"

namespace finops::lake {

enum class Content { kData = 0, kPositionDeletes = 1, kEqualityDeletes = 2 };

/// A data file (or another writer's delete file) as a manifest tells of it. What readers skip it by
/// stays encoded: a manifest is rewritten by each commit that touches its period, and 200 files
/// with 60 columns are copied in a millisecond this way.
struct DataFile {
  Content content = Content::kData;
  std::string path;
  std::string format = "PARQUET";
  PartitionKey partition;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::string metrics;  // see file_metrics.h
};

enum class Status { kExisting = 0, kAdded = 1, kDeleted = 2 };

/// One row of a manifest. A file that the commit in progress adds has no sequence numbers: they are
/// inherited from the manifest list, which is the only place that knows them when another commit
/// came first. Existing and deleted files carry the numbers that they were born with.
struct ManifestEntry {
  Status status = Status::kAdded;
  std::int64_t snapshot_id = 0;
  std::optional<std::int64_t> sequence_number, file_sequence_number;
  DataFile file;
  bool is_live() const { return status != Status::kDeleted; }
};

/// Which files share a manifest: those with this value in the last partition column, which is the
/// billing period of bills; all files of a table without partition columns.
inline std::string group_of(const PartitionKey& partition) {
  return partition.values.empty() ? "" : partition.values.back();
}

struct FieldSummary {
  bool contains_null = false;
  std::optional<bool> contains_nan;
  std::optional<std::string> lower, upper;
};

/// One row of a manifest list: enough to know whether the manifest must be opened.
struct ManifestFile {
  std::string path;
  std::int64_t length = 0;
  int spec_id = 0;
  int content = 0;  // 0 data files, 1 delete files
  std::int64_t sequence_number = 0, min_sequence_number = 0;
  std::int64_t added_snapshot_id = 0;
  std::int64_t added_files = 0, existing_files = 0, deleted_files = 0;
  std::int64_t added_rows = 0, existing_rows = 0, deleted_rows = 0;
  std::vector<FieldSummary> partitions;  // of the partition columns
  std::optional<std::string> key_metadata;

  bool has_live_files() const { return added_files + existing_files > 0; }
  /// False only when no file of the partition can be inside.
  bool may_contain(const PartitionKey& partition) const;
  /// True when every file inside is of this group_of().
  bool is_only_of(const std::string& group) const;
};

using ManifestList = std::vector<ManifestFile>;
using ManifestEntries = std::vector<ManifestEntry>;

// Both throw kInvalidData or kUnsupported for files that they cannot take in whole.

ManifestList read_manifest_list(std::string_view bytes);
/// Inherited values are filled in.
ManifestEntries read_manifest(std::string_view bytes, const ManifestFile& manifest);

std::string write_manifest_list(const Json& snapshot, const ManifestList& manifests);
/// Encodes the entries and fills in `manifest`'s length, spec, counts and partition summary. The
/// caller sets path, content, added_snapshot_id and sequence_number (of the snapshot being made).
std::string write_manifest(const TableMetadata& metadata, const ManifestEntries& entries,
                           ManifestFile& manifest);

}  // namespace finops::lake
