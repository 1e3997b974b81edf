#pragma once

#include "finops/datasets/project.h"
#include "finops/engines/transform_engine.h"
#include "finops/medallion/gold_build.h"

namespace finops::medallion {

/// Prepares every piece of SQL of a project over empty tables. Throws kInvalidConfig with every
/// mistake and its position. Leaves the tables of the project shown in the engine, empty. Returns
/// what the models read.
ModelInputs check_sql(TransformEngine& engine, const datasets::Project& project);
/// The same, for several semantics of a project: adds the mistakes.
ModelInputs check_sql(TransformEngine& engine, const datasets::Project& project,
                      Mistakes& mistakes);

}  // namespace finops::medallion
