#pragma once

#include "finops/datasets/project.h"
#include "finops/engines/transform_engine.h"
#include "finops/medallion/gold_build.h"

namespace finops::medallion {

/// Prepares every piece of SQL of a project over empty tables. Throws kInvalidConfig with every
/// mistake and its position. Leaves the tables of the project shown in the engine, empty. Returns
/// what the models read.
ModelInputs check_sql(TransformEngine& engine, const datasets::Project& project);

/// "file.sql:3:14" for an error that the engine found in the text, as far as its message tells.
Origin place_in_sql(const datasets::SqlText& text, const std::string& message);

}  // namespace finops::medallion
