#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/core/error.h"
#include "finops/datasets/project.h"
#include "finops/engines/transform_engine.h"
#include "finops/lake/lake.h"
#include "finops/pipeline/partition_commit.h"
#include "finops/stores/object_store.h"
#include "finops/tabular/parquet_writing.h"

namespace finops::medallion {

std::vector<std::string> names_of(const std::vector<datasets::PartitionColumn>& columns);

/// The tables of the lake that a run reads and changes: each as the one commit at the run's end
/// will leave it, in the lake's store and in the engine, before anybody else sees it. Destroyed
/// without commit(), what was written is removed again. One thread at a time, but add_file().
class RunTables {
 public:
  /// What prepare() does with tables and columns that the lake does not have: it makes them there,
  /// or, for who only looks and never commits, here alone.
  enum class Makes { kInLake, kHere };

  /// `lake_uri` is that of the keys of the lake's store; `work` is the engine's work folder as a
  /// store.
  RunTables(lake::Lake& lake, std::string lake_uri, ObjectStore& work, std::string work_folder,
            TransformEngine& engine, Makes makes = Makes::kInLake);

  lake::Lake& lake() { return lake_; }
  TransformEngine& engine() { return engine_; }

  /// The table with these columns at least, made when there is none: in the lake, columns are
  /// committed before files are written. kUnsupported when a column has another type there. A table
  /// that is made is partitioned by these columns of texts.
  const lake::TableView& prepare(const lake::TableName& table, const std::vector<Column>& columns,
                                 const std::vector<std::string>& partition_by = {});
  /// A column that has another type in the table, and that as an error.
  struct Retyped {
    std::string column;
    Error error;
  };
  /// The first of these columns that is one; nothing where prepare() finds none.
  std::optional<Retyped> find_retyped(const lake::TableName& table,
                                      const std::vector<Column>& columns);
  /// kUnsupported at the first of these columns, else at `origin`, when the table is there and
  /// partitioned otherwise. `owner`, "the model", is what needs another name then.
  void require_partitions(const lake::TableName& table,
                          const std::vector<datasets::PartitionColumn>& columns,
                          const Origin& origin, const std::string& owner);
  /// A table that is there; nullptr when it is not.
  const lake::TableView* find(const lake::TableName& table);
  /// Its columns of these names, with their field ids.
  std::vector<Column> columns_of(const lake::TableName& table, const std::vector<Column>& named);

  /// The keys of its data files, as planned.
  std::set<std::string> keys_of(const lake::TableName& table);

  /// All rows of a small table of finops' own, its columns in this order; none when there is no
  /// such table. kInvalidData, naming it, when another writer made it another one: these columns
  /// are not there, are of other types or, where required, NULL. `remedy` says what to do then
  /// beside bringing it back.
  std::vector<CellRow> read_small(const lake::TableName& table, const std::vector<Column>& columns,
                                  const std::string& remedy = "");
  /// Rows in place of all that a small table has; columns of `bounded` have bounds.
  void replace_small(const lake::TableName& table, const std::vector<Column>& columns,
                     std::vector<CellRow> rows, const std::vector<std::string>& bounded);

  /// A key for a new data file of a prepared table.
  std::string new_key(const lake::TableName& table, const lake::PartitionKey& partition = {});
  /// The file comes with the commit; the files with these keys go.
  void add_file(const lake::TableName& table, WrittenParquet file,
                const lake::PartitionKey& partition = {});
  void remove_files(const lake::TableName& table, const std::set<std::string>& keys);

  struct NewRows {
    std::int64_t rows = 0;
    std::set<std::string> keys;  // of the files that have them
  };
  /// The rows of a query as one more file of a prepared table; where it is partitioned, one for
  /// each partition. kInvalidData for rows without a value of a partition column, and for more than
  /// kMostPartitions.
  static constexpr std::size_t kMostPartitions = 1000;
  NewRows add_rows(const lake::TableName& table, const std::vector<Column>& columns,
                   const std::string& select, const std::stop_token& stop);
  /// The same in place of all that the table has. Returns their number.
  std::int64_t replace_rows(const lake::TableName& table, const std::vector<Column>& columns,
                            const std::string& select, const std::stop_token& stop,
                            const std::vector<std::string>& partition_by = {});

  /// Shows the table as it is planned, as "schema"."name" of the engine.
  void show(const lake::TableName& table, const std::string& schema, const std::string& name);

  /// The same with these files only, by their keys; also with some that the commit removes.
  void show_files(const lake::TableName& table, const std::set<std::string>& keys,
                  const std::string& schema, const std::string& name);

  lake::CommitReport commit(const std::map<std::string, std::string>& summary);

 private:
  struct Plan {
    std::vector<lake::LakeFile> planned_on;
    std::map<lake::PartitionKey, std::vector<WrittenParquet>> add;
    std::set<std::string> removed;  // keys
  };
  Plan& plan_of(const lake::TableName& table);
  lake::TableView made_here(const lake::TableName& table, const std::vector<Column>& columns,
                            const std::vector<std::string>& partition_by);
  WrittenParquet take_over(const lake::TableName& table, const std::vector<Column>& columns,
                           const std::string& name, const lake::PartitionKey& partition);
  void add_partition(const lake::TableName& table, const std::vector<Column>& columns,
                     const std::string& select, const lake::PartitionKey& partition, NewRows& added,
                     const std::stop_token& stop);
  std::set<lake::PartitionKey> partitions_in(const std::string& rows, const lake::TableName& table,
                                             const std::stop_token& stop);

  lake::Lake& lake_;
  const std::string lake_uri_;
  ObjectStore& work_;
  const std::string work_folder_;
  TransformEngine& engine_;
  const Makes makes_;
  std::mutex mutex_;  // guards pending_
  PendingFiles pending_;
  std::map<lake::TableName, lake::TableView> tables_;
  std::map<lake::TableName, Plan> planned_;
  int written_ = 0;
};

}  // namespace finops::medallion
