#pragma once

#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/datasets/project.h"
#include "finops/medallion/layer_names.h"
#include "finops/medallion/run_tables.h"
#include "finops/medallion/silver_sql.h"

namespace finops::medallion {

/// Which row of a key that was delivered more than once is the one that counts: the first valid
/// one, by landing file and line. Kept beside silver as <dataset>_repeated_keys, so that a changed
/// file costs a look at the keys that it has or had, not at all rows. The engine shows bronze
/// whole, as bronze.<dataset>.
class RepeatedKeys {
 public:
  RepeatedKeys(RunTables& tables, const LayerNames& names, const std::string& project,
               const datasets::Dataset& dataset, const SilverSql& sql, std::stop_token stop);

  /// From all rows of bronze.
  void find_all();
  /// After some landing files changed. `new_keys` are the data files of bronze that they have now;
  /// the engine shows silver and quarantine as they were, as silver.<dataset> and
  /// silver.<dataset>_quarantine. Returns all landing files with a key that the changed ones have
  /// or had: their rows may be judged otherwise now.
  std::set<std::string> refresh(const std::set<std::string>& changed_files,
                                const std::set<std::string>& new_keys);

  /// The table for SilverSql::without_duplicates(); empty when no key is repeated.
  std::string first_rows() const { return has_rows_ ? kFirstRows : ""; }

 private:
  static constexpr const char* kFirstRows = "finops_first_rows";

  void find_places();
  void keep_first_rows();

  RunTables& tables_;
  TransformEngine& engine_;
  const SilverSql& sql_;
  const std::stop_token stop_;
  const lake::TableName bronze_table_, table_;
  const std::string bronze_, silver_, quarantine_;
  bool has_rows_ = false;
};

}  // namespace finops::medallion
