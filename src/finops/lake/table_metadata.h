#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/table_schema.h"
#include "finops/lake/lake.h"
#include "finops/lake/schema_json.h"

namespace finops::lake {

/// One table metadata file (Iceberg spec, "Table Metadata"), version 2. It is kept as the JSON
/// document that it is: what other writers put in (statistics, branches, properties) survives our
/// commits. A value: copy it, change the copy, write it, swap the catalog's pointer.
class TableMetadata {
 public:
  /// A new table; kInternal when a partition column is missing.
  static TableMetadata create(const std::string& location, const TableDefinition& definition,
                              std::int64_t timestamp);
  /// kInvalidData when this is no sound metadata file; kUnsupported for another format version,
  /// another partition spec, or a compressed file.
  static TableMetadata parse(std::string_view text);
  std::string dump() const { return json_.dump(); }
  const Json& json() const { return json_; }

  std::string location() const { return json_.at("location"); }
  std::int64_t last_sequence_number() const { return json_.at("last-sequence-number"); }
  std::int64_t last_updated_ms() const { return json_.at("last-updated-ms"); }
  std::string property(const std::string& name, const std::string& otherwise) const;
  std::map<std::string, std::string> properties() const;
  const Json& schema() const;
  const Json& partition_spec() const;
  std::vector<std::string> partition_columns() const;
  /// The columns of types that finops has, in field order; the others as "name type".
  TableSchema known_columns() const;
  std::vector<std::string> unknown_columns() const;
  /// Whether a column had another name or type before.
  bool has_changed_columns() const { return has_changed_columns_; }
  /// -1 when there is no such column.
  int field_id(const std::string& column_name) const;

  std::optional<std::int64_t> current_snapshot_id() const;
  const Json& snapshots() const { return json_.at("snapshots"); }
  const Json* snapshot(std::int64_t id) const;  // nullptr when unknown or expired
  const Json* current_snapshot() const;
  /// The current snapshot and what it was made from, newest first, as far as not expired.
  std::vector<std::int64_t> current_lineage() const;
  /// The snapshot that was current at `ms`, as far as the log reaches back; it may have expired.
  std::optional<std::int64_t> snapshot_id_at(std::int64_t ms) const;
  /// True when this table, now or as far back as its log reaches, was what `location` holds.
  bool has_in_log(const std::string& metadata_location) const;

  /// Adds those columns whose identity the schema does not have yet, as optional columns with new
  /// ids, in a new schema. False when there was nothing to add; kAlreadyExists when a column's name
  /// is another one's.
  bool add_columns(const std::vector<Column>& columns);
  /// False when all of them were so already.
  bool set_properties(const std::map<std::string, std::string>& properties);
  /// Appends the snapshot and makes it the head of `main`.
  void add_snapshot(const Json& snapshot);
  void remove_snapshots(const std::set<std::int64_t>& ids);
  /// After a move of the lake: `new_place` says where what was at a URI is now. It is asked for the
  /// table's folder, statistics and those older metadata files that it knows; what manifest lists
  /// name is not changed.
  void rename_files(const std::function<std::string(const std::string&)>& new_place);
  /// Other manifest lists, by snapshot id.
  void set_manifest_lists(const std::map<std::int64_t, std::string>& uris);

  /// Stamps the document as the successor of `base`, which is stored at `base_location`; returns
  /// the metadata files that fell out of the log and may be deleted once the commit is known to
  /// have succeeded.
  std::vector<std::string> succeed(const TableMetadata& base, const std::string& base_location,
                                   std::int64_t timestamp);

  /// Never runs backwards within a table, whatever the clocks of its writers do.
  std::int64_t next_timestamp(std::int64_t now_ms) const;

 private:
  explicit TableMetadata(Json json) : json_(std::move(json)) {}
  void check() const;
  /// Other writers (pyiceberg, Spark) would truncate the bounds that say what is loaded.
  void keep_full_bounds();

  Json json_;
  bool has_changed_columns_ = false;  // what is changed here adds columns only
};

}  // namespace finops::lake
