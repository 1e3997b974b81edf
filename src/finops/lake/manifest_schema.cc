#include "finops/lake/manifest_schema.h"

#include <map>
#include <mutex>
#include <vector>

#include "finops/lake/schema_json.h"

namespace finops::lake {
namespace {

Json field(int id, const char* name, Json type) {
  return {{"name", name}, {"type", std::move(type)}, {"field-id", id}};
}

Json optional(int id, const char* name, Json type) {
  auto out = field(id, name, Json::array({"null", std::move(type)}));
  out["default"] = nullptr;  // Java refuses optional fields without one
  return out;
}

Json record(const std::string& name, const std::vector<Json>& fields) {
  return {{"type", "record"}, {"name", name}, {"fields", fields}};
}

Json list_of(int element_id, Json items) {
  return {{"type", "array"}, {"items", std::move(items)}, {"element-id", element_id}};
}

/// Avro maps have string keys only, so Iceberg maps keyed by field id are arrays of pairs.
Json map_of(int key_id, int value_id, const char* value) {
  const auto name = "k" + std::to_string(key_id) + "_v" + std::to_string(value_id);
  return {{"type", "array"},
          {"logicalType", "map"},
          {"items", record(name, {field(key_id, "key", "int"), field(value_id, "value", value)})}};
}

Json data_file(const std::vector<std::string>& partition_by) {
  // Partition values are optional, as Java writes them, although our partition columns never are.
  std::vector<Json> values;
  for (const auto& name : partition_by) {
    const int id = 1000 + static_cast<int>(values.size());
    values.push_back(optional(id, name.c_str(), "string"));
  }
  auto partition = record("r102", values);
  const std::vector<Json> fields = {
      field(134, "content", "int"),
      field(100, "file_path", "string"),
      field(101, "file_format", "string"),
      field(102, "partition", std::move(partition)),
      field(103, "record_count", "long"),
      field(104, "file_size_in_bytes", "long"),
      optional(108, "column_sizes", map_of(117, 118, "long")),
      optional(109, "value_counts", map_of(119, 120, "long")),
      optional(110, "null_value_counts", map_of(121, 122, "long")),
      optional(137, "nan_value_counts", map_of(138, 139, "long")),
      optional(125, "lower_bounds", map_of(126, 127, "bytes")),
      optional(128, "upper_bounds", map_of(129, 130, "bytes")),
      optional(131, "key_metadata", "bytes"),
      optional(132, "split_offsets", list_of(133, "long")),
      optional(135, "equality_ids", list_of(136, "int")),
      optional(140, "sort_order_id", "int"),
      optional(143, "referenced_data_file", "string"),
  };
  return record("r2", fields);
}

Json manifest_entry(const std::vector<std::string>& partition_by) {
  const std::vector<Json> fields = {
      field(0, "status", "int"),
      optional(1, "snapshot_id", "long"),
      optional(3, "sequence_number", "long"),
      optional(4, "file_sequence_number", "long"),
      field(2, "data_file", data_file(partition_by)),
  };
  return record("manifest_entry", fields);
}

Json manifest_file() {
  const std::vector<Json> summary = {
      field(509, "contains_null", "boolean"),
      optional(518, "contains_nan", "boolean"),
      optional(510, "lower_bound", "bytes"),
      optional(511, "upper_bound", "bytes"),
  };
  const std::vector<Json> fields = {
      field(500, "manifest_path", "string"),
      field(501, "manifest_length", "long"),
      field(502, "partition_spec_id", "int"),
      field(517, "content", "int"),
      field(515, "sequence_number", "long"),
      field(516, "min_sequence_number", "long"),
      field(503, "added_snapshot_id", "long"),
      field(504, "added_files_count", "int"),
      field(505, "existing_files_count", "int"),
      field(506, "deleted_files_count", "int"),
      field(512, "added_rows_count", "long"),
      field(513, "existing_rows_count", "long"),
      field(514, "deleted_rows_count", "long"),
      optional(507, "partitions", list_of(508, record("r508", summary))),
      optional(519, "key_metadata", "bytes"),
  };
  return record("manifest_file", fields);
}

MetadataSchema schema_of(const Json& json) {
  return {json.dump(), avro::parse_schema(nlohmann::json(json))};
}

/// The schemas of manifests that were asked for; references to them stay.
class KnownSchemas {
 public:
  const MetadataSchema& of(const std::vector<std::string>& partition_by) {
    const std::lock_guard lock(mutex_);
    const auto it = by_columns_.find(partition_by);
    if (it != by_columns_.end()) return it->second;
    return by_columns_.emplace(partition_by, schema_of(manifest_entry(partition_by))).first->second;
  }
  avro::SchemaPtr find(const std::string& text) {
    const std::lock_guard lock(mutex_);
    for (const auto& [columns, schema] : by_columns_) {
      if (text == schema.text) return schema.parsed;
    }
    return nullptr;
  }

 private:
  std::mutex mutex_;
  std::map<std::vector<std::string>, MetadataSchema> by_columns_;
};

KnownSchemas& known_schemas() {
  static KnownSchemas schemas;
  return schemas;
}

}  // namespace

const MetadataSchema& manifest_schema(const std::vector<std::string>& partition_by) {
  return known_schemas().of(partition_by);
}

const MetadataSchema& manifest_list_schema() {
  static const MetadataSchema schema = schema_of(manifest_file());
  return schema;
}

const avro::Schema& data_file_schema() { return *manifest_schema({}).parsed->fields.at(4).type; }

avro::SchemaPtr parsed_schema(const std::string& text) {
  if (text == manifest_list_schema().text) return manifest_list_schema().parsed;
  if (auto known = known_schemas().find(text)) return known;
  return avro::parse_schema_text(text);
}

}  // namespace finops::lake
