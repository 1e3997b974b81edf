#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/datasets/project.h"
#include "finops/engines/transform_engine.h"
#include "finops/medallion/dataset_report.h"
#include "finops/medallion/silver_sql.h"

namespace finops::medallion {

/// Rows of one landing file that came into quarantine for the same reasons.
struct ArrivedRows {
  std::string file;
  std::vector<std::string> reasons;
  std::int64_t rows = 0;
};

/// How a dataset's quarantine differs from what it was: rows of the same landing file with the same
/// delivered cells are the same rows, whatever their line, time of loading and reasons.
struct QuarantineDifference {
  std::vector<ArrivedRows> came;
  std::int64_t left = 0;
  MoneyAmounts left_money;
};

/// Compares two tables of the engine that have the columns of quarantine. Landing files that did
/// not change may be missing in both.
QuarantineDifference quarantine_difference(TransformEngine& engine,
                                           const datasets::Dataset& dataset, const SilverSql& sql,
                                           const std::vector<Column>& columns,
                                           const std::string& before, const std::string& now,
                                           const std::stop_token& stop);

}  // namespace finops::medallion
