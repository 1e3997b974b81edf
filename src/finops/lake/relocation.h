#pragma once

#include <string>
#include <vector>

#include "finops/core/clock.h"
#include "finops/lake/catalog.h"
#include "finops/lake/lake_paths.h"
#include "finops/stores/object_store.h"

namespace finops::lake {

struct RelocatedTable {
  TableName name;
  std::string metadata_location;  // the new one; the former one in a dry run
  std::size_t snapshots = 0, manifests = 0, data_files = 0;
};

/// Makes a lake that was moved or copied right at its new place: Iceberg's metadata names every
/// file by its whole URI. `paths` know the new root and the former one; every file must lie at the
/// new place already, which is checked. New metadata, manifest lists and manifests of all snapshots
/// are written beside the old ones, then the pointers of all tables move in one swap; until then
/// nothing has changed. Data files are not touched. Returns the tables that had a former path;
/// those that have none are left alone.
///
/// kConflict when a file is missing or has another size; kUnsupported for a table with delete files
/// (they hold paths of their own) or with files in neither place.
std::vector<RelocatedTable> relocate_lake(ObjectStore& store, const LakePaths& paths,
                                          Catalog& catalog, Clock& clock, bool dry_run);

}  // namespace finops::lake
