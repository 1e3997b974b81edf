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

  /// Looks at the keys of all rows of bronze.
  void find_all();
  /// Looks at those that some landing files have, or had before they changed. `new_keys` are the
  /// data files of bronze that they have now; the engine shows silver and quarantine as they were,
  /// as silver.<dataset> and silver.<dataset>_quarantine. Returns all landing files with one of
  /// these keys: their rows may be judged otherwise now.
  std::set<std::string> find_of(const std::set<std::string>& changed_files,
                                const std::set<std::string>& new_keys);

  /// Learns the first valid rows from a table of SilverSql::judged(). All rows with a key that is
  /// looked at are to come by, in the order of their landing files. Returns what of the table is a
  /// duplicate, as a table for SilverSql::with_duplicates(); "" for nothing.
  std::string add(const std::string& judged);
  /// When all rows have come by: keeps what was learned in the lake.
  void finish();

 private:
  void keep_repeated(const std::string& keys);
  std::int64_t rows_of(const char* table);

  RunTables& tables_;
  TransformEngine& engine_;
  const SilverSql& sql_;
  const std::stop_token stop_;
  const lake::TableName bronze_table_, table_;
  const std::string bronze_, silver_, quarantine_;
  bool has_before_ = false, has_keys_ = false, has_rows_ = false;
};

}  // namespace finops::medallion
