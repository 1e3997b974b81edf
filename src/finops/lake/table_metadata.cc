#include "finops/lake/table_metadata.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <iterator>
#include <map>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"
#include "finops/core/unique_ids.h"

namespace finops::lake {
namespace {

// Our manifests hold the partition tuple under these ids, which every writer gives to the first two
// fields of a table's first spec.
/// Iceberg gives partition fields ids from here on.
constexpr int kFirstPartitionFieldId = 1000;
constexpr std::size_t kDefaultPreviousVersions = 100;  // Iceberg's

/// SQL engines compare names without case, Iceberg with; so names are kept distinct without case.
void check_is_free(const Json& fields, const Column& column) {
  for (const auto& field : fields) {
    if (ascii_lower(field.at("name").get<std::string>()) != ascii_lower(column.name)) continue;
    throw Error(ErrorKind::kAlreadyExists,
                "cannot add a column '" + column.name + "' for '" + identity_of(column) +
                    "': that name is the column of '" + identity_of(field) + "'");
  }
}

const Json* find_by(const Json& list, const char* key, std::int64_t value) {
  for (const auto& item : list) {
    if (item.at(key) == value) return &item;
  }
  return nullptr;
}

const Json& require_by(const Json& list, const char* key, std::int64_t value) {
  if (const auto* item = find_by(list, key, value)) return *item;
  throw Error(ErrorKind::kInvalidData,
              std::string("the metadata has no ") + key + " " + std::to_string(value));
}

Json& list_of(Json& json, const char* key) {
  auto& list = json[key];
  if (list.is_null()) list = Json::array();
  return list;
}

const Json* named(const Json& fields, const std::string& name) {
  const auto it = std::ranges::find_if(fields, [&](const Json& f) { return f.at("name") == name; });
  return it == fields.end() ? nullptr : &*it;
}

Json partition_field(const Json& fields, const std::string& name, int field_id) {
  const auto* field = named(fields, name);
  if (field == nullptr) {
    throw Error(ErrorKind::kInternal, "a lake table needs the column '" + name + "'");
  }
  return {{"source-id", field->at("id")},
          {"field-id", field_id},
          {"transform", "identity"},
          {"name", name}};
}

Json partition_fields(const Json& fields, const std::vector<std::string>& columns) {
  Json list = Json::array();
  for (const auto& column : columns) {
    list.push_back(
        partition_field(fields, column, kFirstPartitionFieldId + static_cast<int>(list.size())));
  }
  return list;
}

Json first_schema(const std::vector<Column>& columns, int& last_id) {
  Json fields = Json::array();
  for (const auto& column : columns) {
    check_is_free(fields, column);
    fields.push_back(field_of(column, last_id));
  }
  return {{"type", "struct"},
          {"schema-id", 0},
          {"identifier-field-ids", Json::array()},
          {"fields", fields}};
}

/// Whether a field of one of the schemas has another name or type in `schema`.
bool are_changed_in(const Json& schema, const Json& schemas) {
  std::map<int, const Json*> current;
  for (const auto& field : schema.at("fields")) current[field.at("id").get<int>()] = &field;
  const auto is_as_now = [&](const Json& field) {
    const auto now = current.find(field.at("id").get<int>());
    return now == current.end() || (now->second->at("name") == field.at("name") &&
                                    now->second->at("type") == field.at("type"));
  };
  return !std::ranges::all_of(schemas, [&](const Json& known) {
    return std::ranges::all_of(known.at("fields"), is_as_now);
  });
}

}  // namespace

TableMetadata TableMetadata::create(const std::string& location, const TableDefinition& definition,
                                    std::int64_t timestamp) {
  int last_id = 0;
  const auto schema = first_schema(definition.columns, last_id);
  const auto partitions = partition_fields(schema.at("fields"), definition.partition_by);
  TableMetadata metadata(
      Json{{"format-version", 2},
           {"table-uuid", random_uuid()},
           {"location", location},
           {"last-sequence-number", 0},
           {"last-updated-ms", timestamp},
           {"last-column-id", last_id},
           {"current-schema-id", 0},
           {"schemas", Json::array({schema})},
           {"default-spec-id", 0},
           {"partition-specs", Json::array({{{"spec-id", 0}, {"fields", partitions}}})},
           {"last-partition-id", kFirstPartitionFieldId + static_cast<int>(partitions.size()) - 1},
           {"default-sort-order-id", 0},
           {"sort-orders", Json::array({{{"order-id", 0}, {"fields", Json::array()}}})},
           {"properties", Json::object()},
           // An empty table: Java writes -1 here, pyiceberg leaves the key out. Both read both.
           {"current-snapshot-id", -1},
           {"refs", Json::object()},
           {"snapshots", Json::array()},
           {"statistics", Json::array()},
           {"partition-statistics", Json::array()},
           {"snapshot-log", Json::array()},
           {"metadata-log", Json::array()}});
  metadata.set_properties({{"write.parquet.compression-codec", "zstd"},
                           {"write.metadata.previous-versions-max", "20"},
                           {"write.metadata.delete-after-commit.enabled", "true"}});
  metadata.keep_full_bounds();
  metadata.set_properties(definition.properties);
  return metadata;
}

TableMetadata TableMetadata::parse(std::string_view text) {
  if (text.starts_with("\x1f\x8b")) {
    throw Error(ErrorKind::kUnsupported,
                "the metadata file is compressed, which finops does not read; set the table "
                "property write.metadata.compression-codec to none");
  }
  try {
    TableMetadata metadata(Json::parse(text));
    metadata.check();
    metadata.has_changed_columns_ = are_changed_in(metadata.schema(), metadata.json_.at("schemas"));
    for (const char* key : {"snapshots", "snapshot-log", "metadata-log"}) {
      list_of(metadata.json_, key);
    }
    return metadata;
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kInvalidData,
                std::string("the metadata file is damaged: ") + error.what());
  }
}

void TableMetadata::check() const {
  if (json_.at("format-version") != 2) {
    throw Error(ErrorKind::kUnsupported, "the table has Iceberg format version " +
                                             json_.at("format-version").dump() +
                                             "; finops handles version 2");
  }
  const auto& fields = partition_spec().at("fields");
  int field_id = kFirstPartitionFieldId;
  for (const auto& field : fields) {
    const auto* column = find_by(schema().at("fields"), "id", field.at("source-id"));
    const bool is_handled = field.at("transform") == "identity" && column != nullptr &&
                            column->at("type") == "string" && field.at("field-id") == field_id++;
    if (is_handled) continue;
    throw Error(ErrorKind::kUnsupported,
                "the table is not partitioned by the identity of text columns, which is all that "
                "finops handles, but by " +
                    fields.dump());
  }
  last_sequence_number();
  last_updated_ms();
  location();
}

std::vector<std::string> TableMetadata::partition_columns() const {
  std::vector<std::string> columns;
  for (const auto& field : partition_spec().at("fields")) {
    const auto& column = require_by(schema().at("fields"), "id", field.at("source-id"));
    columns.push_back(column.at("name"));
  }
  return columns;
}

std::string TableMetadata::property(const std::string& name, const std::string& otherwise) const {
  const auto it = json_.find("properties");
  return it == json_.end() ? otherwise : it->value(name, otherwise);
}

std::map<std::string, std::string> TableMetadata::properties() const {
  const auto it = json_.find("properties");
  return it == json_.end() ? std::map<std::string, std::string>()
                           : it->get<std::map<std::string, std::string>>();
}

const Json& TableMetadata::schema() const {
  return require_by(json_.at("schemas"), "schema-id", json_.at("current-schema-id"));
}

const Json& TableMetadata::partition_spec() const {
  return require_by(json_.at("partition-specs"), "spec-id", json_.at("default-spec-id"));
}

TableSchema TableMetadata::known_columns() const {
  TableSchema known;
  for (const auto& field : schema().at("fields")) {
    if (auto column = column_of(field)) known.columns.push_back(std::move(*column));
  }
  return known;
}

std::vector<std::string> TableMetadata::unknown_columns() const {
  std::vector<std::string> unknown;
  for (const auto& field : schema().at("fields")) {
    if (column_of(field)) continue;
    const auto& type = field.at("type");
    unknown.push_back(field.at("name").get<std::string>() + " " +
                      (type.is_string() ? type.get<std::string>() : type.dump()));
  }
  return unknown;
}

int TableMetadata::field_id(const std::string& column_name) const {
  const auto* field = named(schema().at("fields"), column_name);
  return field == nullptr ? -1 : field->at("id").get<int>();
}

std::optional<std::int64_t> TableMetadata::current_snapshot_id() const {
  const auto it = json_.find("current-snapshot-id");
  if (it == json_.end() || it->is_null() || *it == -1) return std::nullopt;
  return it->get<std::int64_t>();
}

const Json* TableMetadata::snapshot(std::int64_t id) const {
  return find_by(snapshots(), "snapshot-id", id);
}

const Json* TableMetadata::current_snapshot() const {
  const auto id = current_snapshot_id();
  return id ? &require_by(snapshots(), "snapshot-id", *id) : nullptr;
}

std::optional<std::int64_t> TableMetadata::snapshot_id_at(std::int64_t ms) const {
  std::optional<std::int64_t> id;
  for (const auto& entry : json_.at("snapshot-log")) {
    if (entry.at("timestamp-ms") <= ms) id = entry.at("snapshot-id").get<std::int64_t>();
  }
  return id;
}

std::vector<std::int64_t> TableMetadata::current_lineage() const {
  std::vector<std::int64_t> ids;
  for (const auto* at = current_snapshot(); at != nullptr && ids.size() <= snapshots().size();) {
    ids.push_back(at->at("snapshot-id"));
    const auto parent = at->find("parent-snapshot-id");
    at = parent == at->end() || parent->is_null() ? nullptr : snapshot(*parent);
  }
  return ids;
}

bool TableMetadata::has_in_log(const std::string& metadata_location) const {
  return std::ranges::any_of(json_.at("metadata-log"), [&](const Json& entry) {
    return entry.at("metadata-file") == metadata_location;
  });
}

bool TableMetadata::add_columns(const std::vector<Column>& columns) {
  Json next = schema();
  auto& fields = next.at("fields");
  std::set<std::string> known;
  for (const auto& field : fields) known.insert(identity_of(field));
  int last_id = json_.at("last-column-id");
  const int last_known_id = last_id;
  for (auto column : columns) {
    if (!known.insert(identity_of(column)).second) continue;
    check_is_free(fields, column);
    column.is_required = false;  // existing rows have no value for it
    fields.push_back(field_of(column, last_id));
  }
  if (last_id == last_known_id) return false;
  int schema_id = 0;
  for (const auto& schema : json_.at("schemas")) {
    schema_id = std::max(schema_id, schema.at("schema-id").get<int>() + 1);
  }
  next["schema-id"] = schema_id;
  json_.at("schemas").push_back(next);
  json_["current-schema-id"] = schema_id;
  json_["last-column-id"] = last_id;
  keep_full_bounds();
  return true;
}

void TableMetadata::keep_full_bounds() {
  auto names = partition_columns();
  names.emplace_back("execution_id");
  for (const auto& name : names) {
    const auto key = "write.metadata.metrics.column." + name;
    if (field_id(name) >= 0 && property(key, "").empty()) set_properties({{key, "full"}});
  }
}

bool TableMetadata::set_properties(const std::map<std::string, std::string>& properties) {
  bool changed = false;
  auto& all = json_["properties"];
  if (all.is_null()) all = Json::object();
  for (const auto& [name, value] : properties) {
    if (const auto it = all.find(name); it != all.end() && *it == value) continue;
    all[name] = value;
    changed = true;
  }
  return changed;
}

void TableMetadata::add_snapshot(const Json& snapshot) {
  const auto& id = snapshot.at("snapshot-id");
  list_of(json_, "snapshots").push_back(snapshot);
  json_["last-sequence-number"] = snapshot.at("sequence-number");
  json_["current-snapshot-id"] = id;
  json_["refs"]["main"]["snapshot-id"] = id;
  json_["refs"]["main"]["type"] = "branch";
  list_of(json_, "snapshot-log")
      .push_back({{"timestamp-ms", snapshot.at("timestamp-ms")}, {"snapshot-id", id}});
}

void TableMetadata::remove_snapshots(const std::set<std::int64_t>& ids) {
  const auto is_removed = [&](const Json& item) {
    return ids.contains(item.at("snapshot-id").get<std::int64_t>());
  };
  for (const char* key : {"snapshots", "statistics", "partition-statistics"}) {
    auto& list = list_of(json_, key);
    Json kept = Json::array();
    std::ranges::copy_if(list, std::back_inserter(kept), std::not_fn(is_removed));
    list = std::move(kept);
  }
  // History before an expired snapshot has a gap, so it goes too (spec, "Table Metadata").
  auto& log = list_of(json_, "snapshot-log");
  Json kept = Json::array();
  for (const auto& entry : log) {
    if (is_removed(entry))
      kept.clear();
    else
      kept.push_back(entry);
  }
  log = std::move(kept);
}

void TableMetadata::rename_files(const std::function<std::string(const std::string&)>& new_place) {
  json_["location"] = new_place(location());
  for (const char* key : {"statistics", "partition-statistics"}) {
    for (auto& item : list_of(json_, key)) {
      item["statistics-path"] = new_place(item.at("statistics-path"));
    }
  }
  // Nobody needs these: a file that is in neither place keeps its name.
  for (auto& entry : list_of(json_, "metadata-log")) {
    try {
      entry["metadata-file"] = new_place(entry.at("metadata-file"));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kUnsupported) throw;
    }
  }
  for (const char* key : {"write.data.path", "write.metadata.path", "write.folder-storage.path",
                          "write.object-storage.path"}) {
    const auto path = property(key, "");
    if (!path.empty()) set_properties({{key, new_place(path)}});
  }
}

void TableMetadata::set_manifest_lists(const std::map<std::int64_t, std::string>& uris) {
  for (auto& snapshot : json_.at("snapshots")) {
    const auto it = uris.find(snapshot.at("snapshot-id").get<std::int64_t>());
    if (it != uris.end()) snapshot["manifest-list"] = it->second;
  }
}

std::int64_t TableMetadata::next_timestamp(std::int64_t now_ms) const {
  return std::max(now_ms, last_updated_ms() + 1);
}

std::vector<std::string> TableMetadata::succeed(const TableMetadata& base,
                                                const std::string& base_location,
                                                std::int64_t timestamp) {
  auto& log = list_of(json_, "metadata-log");
  log.push_back({{"timestamp-ms", base.last_updated_ms()}, {"metadata-file", base_location}});
  json_["last-updated-ms"] = timestamp;
  auto limit = kDefaultPreviousVersions;
  const auto text = property("write.metadata.previous-versions-max", "");
  std::from_chars(text.data(), text.data() + text.size(), limit);
  limit = std::max<std::size_t>(limit, 1);
  std::vector<std::string> dropped;
  while (log.size() > limit) {
    dropped.push_back(log.front().at("metadata-file"));
    log.erase(log.begin());
  }
  if (property("write.metadata.delete-after-commit.enabled", "false") != "true") dropped.clear();
  return dropped;
}

}  // namespace finops::lake
