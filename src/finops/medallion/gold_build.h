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

/// What a model reads: "silver.usage_events", "gold.usage_cost_anomalies".
struct ModelReads {
  std::set<std::string> sql;
  std::set<std::string> tests;  // without the model itself
  /// Some of it cannot be told, which is a mistake that was.
  bool is_faulty = false, has_faulty_tests = false;

  bool has(const std::string& table) const { return sql.contains(table) || tests.contains(table); }
};
/// By name of the model.
using ModelInputs = std::map<std::string, ModelReads>;

/// From the SQL of the models and of their tests. SQL that cannot be parsed and tables that the
/// project does not have are mistakes.
ModelInputs model_inputs(TransformEngine& engine, const datasets::Project& project,
                         Mistakes& mistakes);

/// The models, each after those that it reads, ties by name. A circle is a mistake.
std::vector<const datasets::Model*> ordered_models(const datasets::Project& project,
                                                   const ModelInputs& inputs, Mistakes& mistakes);
/// The same of models that were checked.
std::vector<const datasets::Model*> ordered_models(const datasets::Project& project,
                                                   const ModelInputs& inputs);

/// A test as people read it, and the query of how many times it does not hold.
struct TestQuery {
  std::string name, sql;
};
TestQuery test_query(const datasets::Model& model, const datasets::ModelTest& test);
/// Where the engine's message about that query points to in the model's file.
Origin place_in_test(const datasets::ModelTest& test, const std::string& message);

/// The tests of a model as people read them: "unique(org_id, usage_date)".
std::vector<std::string> test_names(const datasets::Model& model);

/// By the name of an input, "silver.usage_events": what is not as it was when the model was made.
using InputChanges = std::map<std::string, RowsChange>;

/// Makes the table of a model anew, or, where there are `changes`, only the rows with those values
/// of Model::incremental_by that changed rows of its inputs have or had and shows it as
/// gold.<model>. The engine shows what it reads. Throws kInvalidConfig with the model's position
/// for SQL that does not fit, kInvalidData when a test of the model fails.
ModelReport build_model(RunTables& tables, const LayerNames& names, const datasets::Model& model,
                        const InputChanges* changes, const std::stop_token& stop);

}  // namespace finops::medallion
