#pragma once

#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/datasets/project.h"
#include "finops/medallion/dataset_report.h"
#include "finops/medallion/run_tables.h"
#include "finops/medallion/silver_build.h"

namespace finops::medallion {

/// What models read, by name of the model: "silver.usage_events", "gold.usage_cost_anomalies".
using ModelInputs = std::map<std::string, std::set<std::string>>;

/// From the models' SQL. Throws kInvalidConfig, with positions, for SQL that cannot be parsed and
/// for tables that the project does not have.
ModelInputs model_inputs(TransformEngine& engine, const datasets::Project& project);

/// The models, each after those that it reads, ties by name. kInvalidConfig for a circle.
std::vector<const datasets::Model*> ordered_models(const datasets::Project& project,
                                                   const ModelInputs& inputs);

/// The tests of a model as people read them: "unique(org_id, usage_date)".
std::vector<std::string> test_names(const datasets::Model& model);

/// Makes the table of a model anew and shows it as gold.<model>. The engine shows what it reads.
/// Throws kInvalidConfig with the model's position for SQL that does not fit, kInvalidData when a
/// test of the model fails.
ModelReport build_model(RunTables& tables, const LayerNames& names, const datasets::Model& model,
                        const std::stop_token& stop);

}  // namespace finops::medallion
