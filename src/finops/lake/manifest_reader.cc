#include <algorithm>
#include <map>

#include "finops/core/error.h"
#include "finops/lake/manifest.h"
#include "finops/lake/manifest_schema.h"

namespace finops::lake {
namespace {

using avro::Value;

[[noreturn]] void invalid(const std::string& what) {
  throw Error(ErrorKind::kInvalidData, "manifest: " + what);
}

/// The record type of a field, of a list's elements, or of a union's branch.
const avro::Schema& record_of(const avro::Schema* type) {
  if (type->type == avro::Schema::Type::kArray) return record_of(type->items.get());
  if (type->type != avro::Schema::Type::kUnion) return *type;
  for (const auto& branch : type->branches) {
    if (branch->type != avro::Schema::Type::kNull) return record_of(branch.get());
  }
  invalid("a union of nothing but null");
}

/// A record whose fields are looked up by Iceberg field id; a missing field reads as null.
class RecordView {
 public:
  RecordView(const avro::Schema& schema, const Value& value)
      : schema_(schema), values_(value.items()) {
    if (values_.size() != schema_.fields.size()) invalid("a field that should be a record");
  }

  const Value& operator[](int id) const {
    static const Value null;
    const int i = schema_.index_of(id);
    return i < 0 ? null : values_[static_cast<std::size_t>(i)];
  }
  const avro::Schema& type_of(int id) const {
    const int i = schema_.index_of(id);
    if (i < 0) invalid("the field " + std::to_string(id) + " is missing");
    return *schema_.fields[static_cast<std::size_t>(i)].type;
  }
  std::int64_t number(int id, std::int64_t otherwise) const {
    return (*this)[id].is_null() ? otherwise : (*this)[id].as_long();
  }
  std::optional<std::string> maybe_text(int id) const {
    if ((*this)[id].is_null()) return std::nullopt;
    return (*this)[id].as_string();
  }

 private:
  const avro::Schema& schema_;
  const avro::Record& values_;
};

std::vector<FieldSummary> read_summaries(const RecordView& row) {
  std::vector<FieldSummary> out;
  if (row[507].is_null()) return out;
  const auto& type = record_of(&row.type_of(507));
  for (const auto& item : row[507].items()) {
    const RecordView values(type, item);
    FieldSummary summary{.contains_null = values[509].as_bool(),
                         .contains_nan = {},
                         .lower = values.maybe_text(510),
                         .upper = values.maybe_text(511)};
    if (!values[518].is_null()) summary.contains_nan = values[518].as_bool();
    out.push_back(std::move(summary));
  }
  return out;
}

ManifestFile manifest_file_of(const RecordView& row) {
  ManifestFile m;
  m.path = row.maybe_text(500).value_or("");
  if (m.path.empty()) invalid("a manifest without a path");
  m.length = row.number(501, 0);
  m.spec_id = static_cast<int>(row.number(502, 0));
  m.content = row.number(517, 0) == 0 ? 0 : 1;
  m.sequence_number = row.number(515, 0);
  m.min_sequence_number = row.number(516, 0);
  m.added_snapshot_id = row.number(503, 0);
  m.added_files = row.number(504, 1);  // unknown counts (v1) must be taken for non-zero
  m.existing_files = row.number(505, 1);
  m.deleted_files = row.number(506, 1);
  m.added_rows = row.number(512, 1);
  m.existing_rows = row.number(513, 1);
  m.deleted_rows = row.number(514, 1);
  m.partitions = read_summaries(row);
  m.key_metadata = row.maybe_text(519);
  return m;
}

/// Decodes the rows of one manifest. Metrics are copied as they are when their encoding is ours,
/// and transcoded when another writer spells the type otherwise.
class EntryReader {
 public:
  EntryReader(const avro::Schema& schema, const ManifestFile& manifest)
      : schema_(schema), manifest_(manifest) {}

  ManifestEntry read(avro::Decoder& in) const {
    ManifestEntry entry;
    entry.snapshot_id = manifest_.added_snapshot_id;
    for (const auto& field : schema_.fields) {
      switch (field.id) {
        case 0: entry.status = status_of(in.read(*field.type).as_long()); break;
        case 1: read_number(in, *field.type, entry.snapshot_id); break;
        case 3: entry.sequence_number = maybe_number(in, *field.type); break;
        case 4: entry.file_sequence_number = maybe_number(in, *field.type); break;
        case 2: read_file(in, *field.type, entry.file); break;
        default: in.skip(*field.type);
      }
    }
    if (entry.file.path.empty()) invalid("an entry without a file");
    if (entry.status == Status::kAdded) {
      if (!entry.sequence_number) entry.sequence_number = manifest_.sequence_number;
      if (!entry.file_sequence_number) entry.file_sequence_number = manifest_.sequence_number;
    }
    return entry;
  }

 private:
  static Status status_of(std::int64_t number) {
    if (number < 0 || number > 2) invalid("an entry of status " + std::to_string(number));
    return static_cast<Status>(number);
  }
  static Content content_of(std::int64_t number) {
    if (number < 0 || number > 2) invalid("a file of content " + std::to_string(number));
    return static_cast<Content>(number);
  }
  static std::optional<std::int64_t> maybe_number(avro::Decoder& in, const avro::Schema& type) {
    const auto value = in.read(type);
    return value.is_null() ? std::nullopt : std::optional(value.as_long());
  }
  static void read_number(avro::Decoder& in, const avro::Schema& type, std::int64_t& out) {
    out = maybe_number(in, type).value_or(out);
  }

  void read_file(avro::Decoder& in, const avro::Schema& type, DataFile& file) const {
    if (type.type != avro::Schema::Type::kRecord) invalid("a data_file that is no record");
    std::map<int, std::string> metrics;
    for (const auto& field : type.fields) {
      switch (field.id) {
        case 134: file.content = content_of(maybe_number(in, *field.type).value_or(0)); break;
        case 100: file.path = in.read(*field.type).as_string(); break;
        case 101: file.format = in.read(*field.type).as_string(); break;
        case 102: read_partition(in, *field.type, file.partition); break;
        case 103: read_number(in, *field.type, file.rows); break;
        case 104: read_number(in, *field.type, file.bytes); break;
        default:
          if (const auto* ours = metric_type(field.id)) {
            metrics[field.id] = metric(in, *field.type, *ours);
          } else {
            in.skip(*field.type);
          }
      }
    }
    for (const int id : kMetricFields) {
      const auto it = metrics.find(id);
      file.metrics += it == metrics.end() ? std::string(1, '\0') : it->second;  // branch 0: null
    }
  }

  /// Our type of the field `id` of a data file, nullptr unless it is a metric.
  static const avro::Schema* metric_type(int id) {
    if (std::ranges::find(kMetricFields, id) == kMetricFields.end()) return nullptr;
    const auto& ours = data_file_schema();
    return ours.fields[static_cast<std::size_t>(ours.index_of(id))].type.get();
  }

  static std::string metric(avro::Decoder& in, const avro::Schema& theirs,
                            const avro::Schema& ours) {
    const auto start = in.position();
    if (theirs.has_encoding_of(ours)) {
      in.skip(theirs);
      return std::string(in.since(start));
    }
    avro::Encoder out;
    out.write(ours, in.read(theirs));
    return std::move(out.out());
  }

  void read_partition(avro::Decoder& in, const avro::Schema& type, PartitionKey& key) const {
    const auto value = in.read(type);
    const RecordView record(record_of(&type), value);
    for (const auto& field : record_of(&type).fields) {
      auto text = record.maybe_text(field.id);
      if (!text) {
        throw Error(ErrorKind::kUnsupported, "the manifest '" + manifest_.path +
                                                 "' has a file without a " + field.name +
                                                 "; finops cannot carry such a file over");
      }
      key.values.push_back(std::move(*text));
    }
  }

  const avro::Schema& schema_;
  const ManifestFile& manifest_;
};

bool may_hold(const FieldSummary& summary, const std::string& value) {
  return (!summary.lower || *summary.lower <= value) && (!summary.upper || value <= *summary.upper);
}

}  // namespace

bool ManifestFile::may_contain(const PartitionKey& partition) const {
  return partitions.size() != partition.values.size() ||
         std::ranges::equal(partitions, partition.values, may_hold);
}

bool ManifestFile::is_only_of(const std::string& group) const {
  return partitions.empty() ? group.empty()
                            : partitions.back().lower == group && partitions.back().upper == group;
}

ManifestList read_manifest_list(std::string_view bytes) {
  avro::ContainerReader container(bytes);
  const auto schema = parsed_schema(container.schema_text());
  ManifestList manifests;
  container.for_each([&](avro::Decoder& in) {
    manifests.push_back(manifest_file_of(RecordView(*schema, in.read(*schema))));
  });
  return manifests;
}

ManifestEntries read_manifest(std::string_view bytes, const ManifestFile& manifest) {
  avro::ContainerReader container(bytes);
  const auto schema = parsed_schema(container.schema_text());
  if (schema->type != avro::Schema::Type::kRecord) invalid("its rows are no records");
  const EntryReader reader(*schema, manifest);
  ManifestEntries entries;
  container.for_each([&](avro::Decoder& in) { entries.push_back(reader.read(in)); });
  return entries;
}

}  // namespace finops::lake
