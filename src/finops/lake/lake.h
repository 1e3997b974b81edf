#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "finops/core/clock.h"
#include "finops/core/table_schema.h"
#include "finops/stores/object_store.h"
#include "finops/tabular/bill_converter.h"

namespace finops::lake {

/// Namespace and name: "billing"."aws_billing_data".
struct TableName {
  std::string name_space, name;
  auto operator<=>(const TableName&) const = default;
  std::string to_string() const { return name_space + "." + name; }
};

/// The unit of replacement, and the partition tuple of every file in the lake: the values of its
/// table's partition columns, in their order; none in a table without.
struct PartitionKey {
  std::vector<std::string> values;

  PartitionKey() = default;
  PartitionKey(std::initializer_list<std::string> of_columns) : values(of_columns) {}
  auto operator<=>(const PartitionKey&) const = default;
};

/// What a table is made of.
struct TableDefinition {
  std::vector<Column> columns;
  std::vector<std::string> partition_by;  // names of required text columns
  std::map<std::string, std::string> properties = {};
};

/// A live data file of one snapshot.
struct LakeFile {
  std::string uri;  // as manifests hold it: file:///… or s3://…
  PartitionKey partition;
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;
  std::string execution_id;  // its bound, when lower and upper agree; else empty (another writer's)
  std::uint64_t columns = 0;  // columns_mark() of those that it has; 0 when its metrics do not tell
};

/// Stands for a set of columns by the ids of their values: equal for equal sets, never 0.
std::uint64_t columns_mark(std::vector<int> leaf_ids);
std::uint64_t columns_mark(const std::vector<Column>& columns);

/// One table as one snapshot shows it: immutable, safe to share.
struct TableView {
  TableName name;
  std::string location;           // of the table: a URI
  std::string metadata_location;  // the exact metadata file: the version for compare-and-swap
  TableSchema schema;             // current, in field order, with ids and docs
  std::vector<std::string> partition_by;     // the partition columns, in their order
  std::vector<std::string> unknown_columns;  // "name type": of another writer, not in `schema`
  std::map<std::string, std::string> properties;
  std::optional<std::int64_t> snapshot_id;  // nothing while the table is empty
  std::int64_t committed_ms = 0;            // last-updated-ms, or the snapshot's time under --as-of
  std::vector<LakeFile> files;
  bool has_row_deletes = false;  // delete files of another writer are live
  /// Another writer renamed a column or changed its type: older files have it as it was.
  bool has_changed_columns = false;
};

/// A live file of some snapshot that is to come back under a new name: an old name never does,
/// because expiry counts on it.
struct FileCopy {
  LakeFile from;
  std::string key;      // below the lake's store; not there before somebody copies it
  std::string metrics;  // what manifests tell of the file, encoded as they hold it
};

struct SnapshotInfo {
  std::int64_t id = 0;
  std::int64_t committed_ms = 0;
  std::string operation;  // append | overwrite | replace | delete
  std::map<std::string, std::string> summary;
};

/// What one table gets in a commit: in one partition, `remove` goes and `add` comes.
struct PartitionChange {
  TableName table;
  PartitionKey partition;
  std::vector<WrittenParquet> add;  // key: below the lake's store; field ids as committed before
  std::vector<FileCopy> add_copies;
  /// Which of the partition's live files go; empty function: all of them.
  std::function<bool(const LakeFile&)> removes;
  /// The live files of the partition that this change was planned on (their URIs). When others are
  /// live at commit time: kConflict, and the files of `add` are left for the caller to remove.
  std::vector<std::string> planned_on;
  /// The id of the snapshot that this change becomes, so that a receipt in the same commit can name
  /// it (new_snapshot_id()); 0: the lake chooses one.
  std::int64_t snapshot_id = 0;
  std::map<std::string, std::string> summary;  // added to the snapshot's summary
  std::map<std::string, std::string> set_properties;
};

/// A random id, as Iceberg's writers choose them.
std::int64_t new_snapshot_id();

struct CommitReport {
  std::map<TableName, std::int64_t> snapshot_ids;
  std::int64_t committed_ms = 0;  // the same in all tables of the commit
  int attempts = 0;
};

/// Which snapshots stay. The current one stays always, and so do those with a branch or a tag: a
/// tag is how a delivered version is pinned.
struct Retention {
  /// Snapshots from then on stay, and the one that was current then: time travel reaches back so
  /// far.
  std::int64_t older_than_ms = 0;
  int keep_last = 1;                 // the newest snapshots of main, whatever their age
  std::set<std::int64_t> keep = {};  // by their ids, whatever their age
};

struct ExpiryReport {
  std::vector<std::int64_t> snapshots;
  std::vector<std::string> files;  // removed, or to be removed under dry_run
};

/// Iceberg v2 tables, partitioned by the identity of text columns or not at all, under one root of
/// an object store, with their versions in a catalog. Written by us, readable by anybody.
///
/// Life of a load: ensure_table, add_columns (committed before Parquet is written: field ids are
/// final only then), data files written under data_key(), commit(). A commit changes all its tables
/// or none; after a lost race it is rebased and tried again when no other commit touched the same
/// partitions, else kConflict. After an unknown outcome the catalog is read again; when it still
/// cannot be told, kUnknownOutcome, and nothing is ever deleted. Safe to call from any thread.
class Lake {
 public:
  virtual ~Lake() = default;

  /// Creates the table when the catalog has none; else adds the columns and properties that it
  /// lacks, and leaves what a property is now. kUnsupported when it is partitioned in another way.
  virtual void ensure_table(const TableName& table, const TableDefinition& definition) = 0;
  /// Adds the columns whose `doc` no column has yet, in one commit, and sets properties. Returns
  /// the table as committed. The name given is the name used: kAlreadyExists when another column
  /// has it.
  virtual TableView add_columns(const TableName& table, const std::vector<Column>& columns,
                                const std::map<std::string, std::string>& set_properties) = 0;

  virtual std::vector<TableName> tables() = 0;
  virtual bool has_table(const TableName& table) = 0;
  /// The current snapshot; `snapshot_id` another one, kNotFound when unknown or expired.
  virtual TableView view(const TableName& table,
                         std::optional<std::int64_t> snapshot_id = std::nullopt) = 0;
  /// The snapshot that was current at `ms` (commit time); an empty view before the first commit;
  /// kNotFound when history does not reach back so far any more.
  virtual TableView view_as_of(const TableName& table, std::int64_t ms) = 0;
  virtual std::vector<SnapshotInfo> snapshots(const TableName& table) = 0;

  /// A fresh key for a data file of a table that is there:
  /// "billing/aws_billing_data/data/source=…/billing_period=…/<uuid>.parquet".
  virtual std::string data_key(const TableName& table, const PartitionKey& partition) = 0;
  virtual std::string key_of(const std::string& uri) const = 0;  // below store()
  /// The partition's live files of a snapshot with a fresh key for each; copies nothing.
  /// kUnsupported when another writer's delete files change what they say.
  virtual std::vector<FileCopy> copies_of(const TableName& table, std::int64_t snapshot_id,
                                          const PartitionKey& partition) = 0;
  virtual ObjectStore& store() = 0;

  virtual CommitReport commit(const std::vector<PartitionChange>& changes) = 0;

  /// Forgets the other snapshots, then removes the files that only they reached.
  virtual ExpiryReport expire_snapshots(const TableName& table, const Retention& retention,
                                        bool dry_run) = 0;
};

}  // namespace finops::lake
