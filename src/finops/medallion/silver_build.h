#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/datasets/project.h"
#include "finops/medallion/dataset_report.h"
#include "finops/medallion/run_tables.h"
#include "finops/medallion/silver_sql.h"

namespace finops::medallion {

/// Where the tables of a project's semantics lie: "<project>_silver", of semantics that are not the
/// default "<project>_<semantics>_silver".
struct LayerNames {
  std::string silver, gold;
};
LayerNames layer_names(const datasets::Project& project);
/// "<dataset>_quarantine", beside silver.
std::string quarantine_name(const std::string& dataset);

/// Makes silver and quarantine of a dataset from its bronze, which the engine shows as
/// bronze.<dataset>; shows both as silver.<dataset> and silver.<dataset>_quarantine. Throws
/// kInternal when valid and quarantined rows are not those of bronze, in number and in money.
DatasetReport build_silver(RunTables& tables, const LayerNames& names,
                           const datasets::Dataset& dataset, const datasets::SilverRules& rules,
                           const SilverSql& sql, const std::stop_token& stop);

/// The columns of quarantine: bronze as delivered, and `reasons`.
std::vector<Column> quarantine_columns(const std::vector<Column>& bronze);

}  // namespace finops::medallion
