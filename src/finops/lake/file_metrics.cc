#include "finops/lake/file_metrics.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "finops/core/error.h"
#include "finops/lake/manifest_schema.h"
#include "finops/lake/truncated_bounds.h"

namespace finops::lake {
namespace {

constexpr std::size_t kTruncatedCodePoints = 16;  // Iceberg's default metrics mode truncate(16)
constexpr int kLowerBounds = 125, kUpperBounds = 128;

enum class Mode { kNone, kSize, kTruncated, kFull };

Mode mode_of(const Column& column, const TableMetadata& metadata) {
  const auto set = metadata.property("write.metadata.metrics.column." + column.name, "");
  if (set == "none") return Mode::kNone;
  if (is_map(column.type)) return Mode::kSize;
  const bool is_text = column.type == ColumnType::kText || column.type == ColumnType::kBinary;
  if (set == "full" || !is_text) return Mode::kFull;
  const bool may_skip_by = column.type == ColumnType::kText && column.name == "source_file";
  return may_skip_by || set.starts_with("truncate(") ? Mode::kTruncated : Mode::kSize;
}

/// The ids by which metrics tell of a column.
std::vector<int> leaf_ids_of(const Column& column) {
  if (is_map(column.type)) return {column.key_id, column.value_id};
  return {column.field_id};
}

/// The maps of one data file, by field id.
struct Metrics {
  std::map<int, std::int64_t> sizes, values, nulls;
  std::map<int, std::string> lower, upper;

  void add(const ColumnMetrics& column, Mode mode) {
    sizes[column.field_id] = column.bytes;
    if (mode == Mode::kSize) return;
    values[column.field_id] = column.values;
    nulls[column.field_id] = column.nulls;
    if (!column.lower || !column.upper) return;
    if (mode == Mode::kFull) {
      lower[column.field_id] = *column.lower;
      upper[column.field_id] = *column.upper;
      return;
    }
    lower[column.field_id] = truncate_lower(*column.lower, kTruncatedCodePoints);
    const auto raised = truncate_upper(*column.upper, kTruncatedCodePoints);
    if (raised) upper[column.field_id] = *raised;
  }
};

void write_value(avro::Encoder& out, std::int64_t value) { out.write_long(value); }
void write_value(avro::Encoder& out, const std::string& value) { out.write_bytes(value); }

void write_null(avro::Encoder& out) { out.write_long(0); }

template <typename T>
void write_map(avro::Encoder& out, const std::map<int, T>& map) {
  if (map.empty()) return write_null(out);
  out.write_long(1);  // the branch that is not null
  out.write_long(static_cast<std::int64_t>(map.size()));
  for (const auto& [key, value] : map) {
    out.write_long(key);
    write_value(out, value);
  }
  out.write_long(0);
}

void write_list(avro::Encoder& out, const std::vector<std::int64_t>& list) {
  if (list.empty()) return write_null(out);
  out.write_long(1);
  out.write_long(static_cast<std::int64_t>(list.size()));
  for (const auto item : list) out.write_long(item);
  out.write_long(0);
}

/// The types of kMetricFields, in their order.
const std::vector<const avro::Schema*>& metric_types() {
  static const auto types = [] {
    const auto& schema = data_file_schema();
    std::vector<const avro::Schema*> all;
    for (const int field : kMetricFields) {
      all.push_back(schema.fields.at(static_cast<std::size_t>(schema.index_of(field))).type.get());
    }
    return all;
  }();
  return types;
}

std::optional<std::string_view> bound_of(std::string_view metrics, int which, int field_id) {
  avro::Decoder in(metrics);
  for (std::size_t i = 0; kMetricFields[i] != which; ++i) in.skip(*metric_types()[i]);
  if (in.read_long() == 0) return std::nullopt;
  for (auto count = in.read_block_count(); count != 0; count = in.read_block_count()) {
    for (; count > 0; --count) {
      const bool is_it = in.read_long() == field_id;
      const auto bound = in.read_bytes();
      if (is_it) return bound;
    }
  }
  return std::nullopt;
}

}  // namespace

std::uint64_t columns_mark(std::vector<int> leaf_ids) {
  std::ranges::sort(leaf_ids);
  std::uint64_t mark = 0xcbf29ce484222325;  // FNV-1a
  for (const int id : leaf_ids) {
    for (int shift = 0; shift < 32; shift += 8) {
      mark = (mark ^ (static_cast<std::uint32_t>(id) >> shift & 0xff)) * 0x100000001b3;
    }
  }
  return mark | 1;
}

std::uint64_t columns_mark(const std::vector<Column>& columns) {
  std::vector<int> ids;
  for (const Column& column : columns) {
    for (const int id : leaf_ids_of(column)) ids.push_back(id);
  }
  return columns_mark(std::move(ids));
}

std::string encoded_metrics(const WrittenParquet& file, const TableMetadata& metadata) {
  std::map<int, Mode> modes;
  for (const auto& column : metadata.known_columns().columns) {
    for (const int id : leaf_ids_of(column)) modes[id] = mode_of(column, metadata);
  }
  Metrics metrics;
  for (const auto& column : file.columns) {
    const auto it = modes.find(column.field_id);
    if (it != modes.end() && it->second != Mode::kNone) metrics.add(column, it->second);
  }
  avro::Encoder out;
  write_map(out, metrics.sizes);
  write_map(out, metrics.values);
  write_map(out, metrics.nulls);
  write_null(out);  // nan_value_counts
  write_map(out, metrics.lower);
  write_map(out, metrics.upper);
  write_null(out);  // key_metadata
  write_list(out, file.split_offsets);
  write_null(out);  // equality_ids
  // sort_order_id 0, unsorted: the specification allows null, Trino's $entries table does not.
  out.write_long(1);
  out.write_long(0);
  write_null(out);  // referenced_data_file
  return std::move(out.out());
}

std::uint64_t columns_of(std::string_view metrics) {
  avro::Decoder in(metrics);
  if (in.read_long() == 0) return 0;
  std::vector<int> ids;
  for (auto count = in.read_block_count(); count != 0; count = in.read_block_count()) {
    for (; count > 0; --count) {
      ids.push_back(static_cast<int>(in.read_long()));
      in.read_long();
    }
  }
  return columns_mark(std::move(ids));
}

std::optional<std::string_view> lower_bound_of(std::string_view metrics, int field_id) {
  return bound_of(metrics, kLowerBounds, field_id);
}

std::optional<std::string_view> upper_bound_of(std::string_view metrics, int field_id) {
  return bound_of(metrics, kUpperBounds, field_id);
}

void check_metrics(std::string_view metrics) {
  avro::Decoder in(metrics);
  for (const auto* type : metric_types()) in.skip(*type);
  if (!in.at_end()) throw Error(ErrorKind::kInvalidData, "a data file's metrics are damaged");
}

}  // namespace finops::lake
