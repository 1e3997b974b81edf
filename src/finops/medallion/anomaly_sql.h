#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "finops/core/table_schema.h"
#include "finops/datasets/project.h"
#include "finops/engines/transform_engine.h"

namespace finops::medallion {

/// Judges the amounts of a model's rows (docs/anomaly.md) within its groups. Returns a query of the
/// model's columns and datasets::anomaly_columns(), over a temporary table that stays in the engine
/// until forget_scores() and a function for the model of this name. Memory grows with the number of
/// different amounts of one group.
std::string scored_query(TransformEngine& engine, const datasets::AnomalyStep& step,
                         const std::string& name, const std::string& select,
                         const std::vector<Column>& columns, const std::stop_token& stop);
void forget_scores(TransformEngine& engine);

}  // namespace finops::medallion
