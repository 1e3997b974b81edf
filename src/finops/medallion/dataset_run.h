#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/core/clock.h"
#include "finops/datasets/project.h"
#include "finops/engines/transform_engine.h"
#include "finops/lake/lake.h"
#include "finops/medallion/dataset_report.h"
#include "finops/medallion/run_tables.h"
#include "finops/pipeline/partition_lock.h"
#include "finops/stores/object_store.h"

namespace finops::medallion {

/// What a run works with.
struct RunPlace {
  lake::Lake* lake = nullptr;
  std::string lake_uri;                  // of the keys of its store
  std::shared_ptr<ObjectStore> landing;  // null for what does not look there
  bool is_remote = false;                // the landing store
  std::string work_folder;               // there, and of this run only
  std::shared_ptr<ObjectStore> work;     // the same folder
  std::string lock_folder;
  TransformEngine* engine = nullptr;
  Clock* clock = nullptr;
  unsigned threads = 1;
  std::uint64_t memory_bytes = 512ull << 20;
};

struct RunOptions {
  bool is_dry_run = false;    // tells what would be made, makes nothing
  bool rebuilds_all = false;  // silver and gold are made anew, whatever has changed
  std::function<void(const std::string&)> on_stage;  // may be empty: "silver usage_events"
  bool takes_landing = true;                         // false: of the landing files that bronze has
  bool is_trial = false;  // makes all and commits nothing: what a run would do, exactly
  /// Only these datasets are made anew, and what reads a table that has changed with them; all
  /// others stay as the last run left them. Empty: all.
  std::vector<std::string> datasets;
};

/// One at a time works on a project: kLocked when another does.
PartitionLock lock_project(const datasets::Project& project, const std::string& lock_folder);

/// The tables of a run at a place.
RunTables tables_at(const RunPlace& place, RunTables::Makes makes);

/// Brings bronze, silver and gold of a project to what lies in its landing folder and what its
/// files say, in one commit of the lake: readers see the tables of before or of after. What depends
/// on nothing that has changed is not made again. Throws kInvalidConfig for mistakes in SQL with
/// their positions, kInvalidData when a test of a model fails or money does not balance, kNotFound
/// for datasets of which nothing has ever landed, kUsage for one that the project does not have,
/// kLocked when another run of the project is at work; then nothing is changed.
DatasetRunReport run_project(const datasets::Project& project, const RunPlace& place,
                             const RunOptions& options, const std::stop_token& stop);

}  // namespace finops::medallion
