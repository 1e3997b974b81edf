#pragma once

#include <string>
#include <vector>

#include "finops/datasets/project.h"
#include "finops/engines/transform_engine.h"
#include "finops/medallion/gold_build.h"

namespace finops::medallion {

/// A model's SELECT in the words of Trino, over the tables of the lake.
struct TrinoModel {
  std::string name;
  std::string table;  // where a run puts its rows: "sales_gold.daily_sales"
  std::string sql;
  bool is_scored = false;  // its table has the columns of [anomaly] too, which Trino does not make
};

/// The models of a project that check_sql() found sound, which told `inputs` and left its tables
/// shown in the engine; each after those that it reads. `catalog` is Trino's name of the lake;
/// `only`: this model, or empty for all. What is not portable is added to the mistakes.
std::vector<TrinoModel> trino_models(TransformEngine& engine, const datasets::Project& project,
                                     const ModelInputs& inputs, const std::string& catalog,
                                     const std::string& only, Mistakes& mistakes);

}  // namespace finops::medallion
