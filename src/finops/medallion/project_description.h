#pragma once

#include <string>
#include <vector>

#include "finops/core/table_schema.h"
#include "finops/datasets/project.h"
#include "finops/engines/transform_engine.h"
#include "finops/medallion/gold_build.h"

namespace finops::medallion {

struct DescribedColumn {
  std::string name;
  ColumnType type = ColumnType::kText;
  std::string description;
};

/// A table of a project, as its documentation has it.
struct DescribedTable {
  std::string layer, name;  // "bronze", "silver", "gold"
  std::string table;        // in the lake: "provider_silver.usage_events"
  std::string description;
  std::vector<DescribedColumn> columns;
  std::vector<std::string> reads;  // "silver.usage_events"; of bronze the landing path
  std::vector<std::string> rules;  // what puts rows into quarantine, or flags them
  std::vector<std::string> tests;
};

struct ProjectDescription {
  std::string name, description, semantics;
  std::vector<DescribedTable> tables;  // each after those that it reads
};

/// Of a project whose SQL was found sound by check_sql(), which told `inputs` and left its tables
/// shown in the engine.
ProjectDescription describe_project(TransformEngine& engine, const datasets::Project& project,
                                    const ModelInputs& inputs);

}  // namespace finops::medallion
