#include <algorithm>

#include "finops/lake/manifest.h"
#include "finops/lake/manifest_schema.h"

namespace finops::lake {
namespace {

using avro::Record;
using avro::Value;

Value optional_value(const std::optional<std::string>& v) { return v ? Value(*v) : Value(); }

void write_optional(avro::Encoder& out, const std::optional<std::int64_t>& number) {
  out.write_long(number ? 1 : 0);  // the branch of the union with null
  if (number) out.write_long(*number);
}

/// In the order of manifest_schema().
std::string encoded(const ManifestEntry& entry) {
  avro::Encoder out;
  const auto& file = entry.file;
  out.write_long(static_cast<int>(entry.status));
  write_optional(out, entry.snapshot_id);
  write_optional(out, entry.sequence_number);
  write_optional(out, entry.file_sequence_number);
  out.write_long(static_cast<int>(file.content));
  out.write_bytes(file.path);
  out.write_bytes(file.format);
  for (const auto& value : file.partition.values) {
    out.write_long(1);
    out.write_bytes(value);
  }
  out.write_long(file.rows);
  out.write_long(file.bytes);
  out.append(file.metrics);
  return std::move(out.out());
}

void widen(FieldSummary& summary, const std::string& value) {
  if (!summary.lower || value < *summary.lower) summary.lower = value;
  if (!summary.upper || value > *summary.upper) summary.upper = value;
}

void summarize(const ManifestEntries& entries, std::size_t partition_columns,
               ManifestFile& manifest) {
  // contains_nan must not be null although the spec lets it: Spark's `manifests` table fails on it.
  manifest.partitions.assign(partition_columns, FieldSummary{false, false, {}, {}});
  manifest.min_sequence_number = manifest.sequence_number;
  for (const auto& entry : entries) {
    auto& files = entry.status == Status::kAdded      ? manifest.added_files
                  : entry.status == Status::kExisting ? manifest.existing_files
                                                      : manifest.deleted_files;
    auto& rows = entry.status == Status::kAdded      ? manifest.added_rows
                 : entry.status == Status::kExisting ? manifest.existing_rows
                                                     : manifest.deleted_rows;
    ++files;
    rows += entry.file.rows;
    for (std::size_t i = 0; i < partition_columns; ++i) {
      widen(manifest.partitions[i], entry.file.partition.values.at(i));
    }
    if (entry.is_live() && entry.sequence_number) {
      manifest.min_sequence_number = std::min(manifest.min_sequence_number, *entry.sequence_number);
    }
  }
}

Value row_of(const ManifestFile& m) {
  std::vector<Value> summaries;
  for (const auto& s : m.partitions) {
    summaries.emplace_back(Record{s.contains_null,
                                  s.contains_nan ? Value(*s.contains_nan) : Value(),
                                  optional_value(s.lower), optional_value(s.upper)});
  }
  return Record{m.path,
                m.length,
                std::int64_t{m.spec_id},
                std::int64_t{m.content},
                m.sequence_number,
                m.min_sequence_number,
                m.added_snapshot_id,
                m.added_files,
                m.existing_files,
                m.deleted_files,
                m.added_rows,
                m.existing_rows,
                m.deleted_rows,
                summaries.empty() ? Value() : Value(std::move(summaries)),
                optional_value(m.key_metadata)};
}

}  // namespace

std::string write_manifest_list(const Json& snapshot, const ManifestList& manifests) {
  const auto& schema = manifest_list_schema();
  std::vector<std::string> rows;
  rows.reserve(manifests.size());
  for (const auto& manifest : manifests) {
    avro::Encoder row;
    row.write(*schema.parsed, row_of(manifest));
    rows.push_back(std::move(row.out()));
  }
  const auto parent = snapshot.find("parent-snapshot-id");
  return avro::write_container(
      schema.text,
      {{"snapshot-id", snapshot.at("snapshot-id").dump()},
       {"parent-snapshot-id", parent == snapshot.end() ? "null" : parent->dump()},
       {"sequence-number", snapshot.at("sequence-number").dump()},
       {"format-version", "2"}},
      rows, avro::Codec::kDeflate);
}

std::string write_manifest(const TableMetadata& metadata, const ManifestEntries& entries,
                           ManifestFile& manifest) {
  const auto& spec = metadata.partition_spec();
  manifest.spec_id = spec.at("spec-id");
  const auto partition_by = metadata.partition_columns();
  summarize(entries, partition_by.size(), manifest);
  std::vector<std::string> rows;
  rows.reserve(entries.size());
  for (const auto& entry : entries) rows.push_back(encoded(entry));
  auto bytes = avro::write_container(manifest_schema(partition_by).text,
                                     {{"schema", metadata.schema().dump()},
                                      {"schema-id", metadata.schema().at("schema-id").dump()},
                                      {"partition-spec", spec.at("fields").dump()},
                                      {"partition-spec-id", spec.at("spec-id").dump()},
                                      {"format-version", "2"},
                                      {"content", manifest.content == 0 ? "data" : "deletes"}},
                                     rows, avro::Codec::kDeflate);
  manifest.length = static_cast<std::int64_t>(bytes.size());
  return bytes;
}

}  // namespace finops::lake
