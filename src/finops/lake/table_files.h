#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "finops/lake/lake_paths.h"
#include "finops/lake/manifest.h"
#include "finops/lake/recent_items.h"
#include "finops/lake/table_metadata.h"
#include "finops/stores/object_store.h"

namespace finops::lake {

/// The metadata files of the lake's tables, read through the store by URI. None ever changes, so
/// what was parsed is kept for the next look, within bounds. Errors name the file, and what a
/// missing one means. Safe to call from any thread.
class TableFiles {
 public:
  TableFiles(ObjectStore& store, const LakePaths& paths);

  std::shared_ptr<const TableMetadata> metadata(const std::string& uri);
  std::shared_ptr<const ManifestList> manifests(const Json& snapshot);
  std::shared_ptr<const ManifestEntries> entries(const ManifestFile& manifest);
  /// What readers see of a manifest.
  struct LiveFiles {
    std::vector<LakeFile> data;
    bool has_deletes = false;
  };
  std::shared_ptr<const LiveFiles> live_files(const ManifestFile& manifest, int execution_id_field);

  /// kAlreadyExists when the name is taken, which a fresh UUID never is.
  void write(const std::string& uri, std::string_view bytes);
  void write(const std::string& uri, std::shared_ptr<const TableMetadata> metadata);
  /// Nothing happens to a file outside of the lake.
  void remove(const std::string& uri);

 private:
  std::string read(const std::string& uri, const char* what);

  ObjectStore& store_;
  const LakePaths& paths_;
  RecentItems<TableMetadata> metadata_;
  RecentItems<ManifestList> lists_;
  RecentItems<ManifestEntries> entries_;
  RecentItems<LiveFiles> live_files_;
};

/// What readers see of a live data file. kUnsupported for a file that is no Parquet file.
LakeFile lake_file_of(const DataFile& file, int execution_id_field);

/// kUnsupported when the manifest's files are partitioned by another spec than the table is now.
void require_spec(const ManifestFile& manifest, const TableMetadata& metadata);

}  // namespace finops::lake
