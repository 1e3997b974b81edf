#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "finops/datasets/project.h"
#include "finops/lake/lake.h"
#include "finops/medallion/run_tables.h"
#include "finops/stores/object_store.h"

namespace finops::medallion {

/// A landing file that bronze has: a row of <project>_bronze.landing_files.
struct LandedFile {
  std::string dataset, file;
  std::uint64_t size = 0;
  std::string etag, sha256;
  std::int64_t ingestion_time = 0;  // microseconds since 1970
  std::int64_t rows = 0, unreadable_rows = 0;
  std::vector<std::string> data_files;  // keys of the lake's store
  bool is_gone = false;                 // from the landing folder, with its rows kept
};

/// What the landing folder changes in bronze, by dataset.
struct LandingPlan {
  std::vector<ObjectInfo> load;    // new and changed files, in the order of their names
  std::vector<LandedFile> unload;  // as they are in bronze: changed, or gone with their rows
  std::vector<LandedFile> stay;    // the others, `is_gone` as it is now
  std::size_t new_files = 0, changed_files = 0, deleted_files = 0;
  bool has_changes = false;

  /// Nothing is there, and never was.
  bool is_empty() const { return load.empty() && unload.empty() && stay.empty(); }
};

/// Whether a landing path of a dataset, with '*', names the file.
bool matches(const std::string& pattern, const std::string& file);

/// Of one dataset. A file is unchanged while its size and ETag are.
LandingPlan plan_landing(const datasets::Dataset& dataset, ObjectStore& landing,
                         const std::vector<LandedFile>& landed);

/// The table landing_files: read whole, written whole.
lake::TableName landing_table(const std::string& project);
std::vector<LandedFile> read_landed_files(RunTables& tables, const std::string& project);
void write_landed_files(RunTables& tables, const std::string& project,
                        const std::vector<LandedFile>& files);

}  // namespace finops::medallion
