#pragma once

#include <memory>
#include <string>

#include "finops/core/clock.h"
#include "finops/lake/catalog.h"
#include "finops/lake/lake.h"
#include "finops/lake/lake_paths.h"

namespace finops::lake {

/// The lake whose files `store` has, as objects below `root_uri`: "file:///srv/finops/lake" or
/// "s3://bucket/lake"; kInvalidConfig for any other. Other writers' spellings of paths below the
/// root
/// ("/srv/…", "file:/srv/…", "s3a://…") are understood; a file elsewhere is kUnsupported. `clock`
/// must outlive the lake.
std::unique_ptr<Lake> make_lake(std::shared_ptr<ObjectStore> store, std::string root_uri,
                                std::shared_ptr<Catalog> catalog, Clock& clock);
/// One that was moved, when `paths` know its former root: for looking only.
std::unique_ptr<Lake> make_lake(std::shared_ptr<ObjectStore> store, LakePaths paths,
                                std::shared_ptr<Catalog> catalog, Clock& clock);

}  // namespace finops::lake
