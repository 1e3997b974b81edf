#pragma once

#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/datasets/project.h"
#include "finops/medallion/landing.h"
#include "finops/medallion/layer_names.h"
#include "finops/medallion/quarantine_moves.h"
#include "finops/medallion/run_tables.h"
#include "finops/medallion/silver_packs.h"
#include "finops/medallion/silver_sql.h"

namespace finops::medallion {

/// A dataset on its way from bronze to silver.
struct SilverJob {
  const datasets::Project& project;
  const datasets::Dataset& dataset;
  const datasets::SilverRules& rules;
  const SilverSql& sql;
  LayerNames names;
  std::vector<LandedFile> landed;  // the dataset's, as bronze has them now
};

/// Which rows of a table of silver are not those of before.
struct RowsChange {
  bool is_whole = true;                      // all may be others; the rest is empty then
  std::set<std::string> files;               // landing files whose rows may be others
  std::set<std::string> old_keys, new_keys;  // data files of silver with their rows, before and now
};

struct SilverResult {
  std::vector<Pack> packs;
  std::int64_t refined_rows = 0;  // rows of bronze that were read for it
  RowsChange change;
  QuarantineDifference quarantine;
};

/// Brings silver and quarantine to what bronze has. `before` are the packs that are there and were
/// made by the same rules from the same other datasets; nullptr: there are none, all is made anew.
/// The engine shows bronze.<dataset>, and silver.<dataset> and its quarantine as they were when
/// there is a `before`; it shows them as they are to be afterwards. Throws kInternal when valid and
/// quarantined rows are not those of bronze, kInvalidData when their money is not.
SilverResult refine(RunTables& tables, const SilverJob& job, const std::vector<Pack>* before,
                    const std::stop_token& stop);

/// The columns of quarantine: bronze as delivered, and `reasons`.
std::vector<Column> quarantine_columns(const std::vector<Column>& bronze);

}  // namespace finops::medallion
