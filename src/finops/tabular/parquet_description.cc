#include "finops/tabular/parquet_description.h"

#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "finops/core/error.h"
#include "finops/tabular/arrow_edge.h"
#include "finops/tabular/column_chunk_reader.h"
#include "finops/tabular/parquet_fields.h"
#include "finops/tabular/single_value.h"

namespace finops {
namespace {

constexpr std::int64_t kColumnBuffer = 1 << 20;
/// Writers that cut texts, cut them to 64 bytes or more.
constexpr std::size_t kLongestUncutText = 48;

template <typename Number>
std::int64_t number_in(std::string_view plain) {
  Number number = 0;
  std::memcpy(&number, plain.data(), sizeof number);
  return number;
}

std::size_t plain_size(ColumnType type) {
  switch (type) {
    case ColumnType::kDecimal: return 16;
    case ColumnType::kTimestamp:
    case ColumnType::kLong: return 8;
    case ColumnType::kDate:
    case ColumnType::kInt: return 4;
    case ColumnType::kBoolean: return 1;
    default: return 0;  // any
  }
}

/// A value of the statistics, as PLAIN has it but for a text's length.
CellValue value_in(const std::string& plain, ColumnType type) {
  const std::size_t size = plain_size(type);
  if (size != 0 && plain.size() != size) {
    throw Error(ErrorKind::kInvalidData,
                "its statistics have a value of " + std::to_string(plain.size()) + " bytes");
  }
  switch (type) {
    case ColumnType::kDecimal: {
      const parquet::FixedLenByteArray bytes(reinterpret_cast<const std::uint8_t*>(plain.data()));
      return Decimal::from_unscaled(to_decimal(bytes));
    }
    case ColumnType::kTimestamp:
    case ColumnType::kLong: return number_in<std::int64_t>(plain);
    case ColumnType::kDate:
    case ColumnType::kInt: return number_in<std::int32_t>(plain);
    case ColumnType::kBoolean: return plain[0] != '\0';
    default: return plain;
  }
}

/// The least or the greatest value of a column, as long as every row group with values tells its
/// own.
class Bound {
 public:
  explicit Bound(bool is_upper) : is_upper_(is_upper) {}

  void add(const std::string* plain, std::optional<bool> is_exact, ColumnType type) {
    const bool is_number = plain_size(type) != 0;
    if (plain == nullptr || !is_exact.value_or(is_number || plain->size() <= kLongestUncutText)) {
      is_known_ = false;
      return;
    }
    CellValue value = value_in(*plain, type);
    const bool is_first = std::holds_alternative<std::monostate>(value_);
    if (is_first || (is_upper_ ? value > value_ : value < value_)) value_ = std::move(value);
  }

  std::optional<std::string> single(ColumnType type) const {
    if (!is_known_ || std::holds_alternative<std::monostate>(value_)) return std::nullopt;
    return single_value(value_, type);
  }

 private:
  bool is_upper_, is_known_ = true;
  CellValue value_;
};

template <typename Type>
std::int64_t count_nulls(parquet::RowGroupReader& group, int leaf) {
  ChunkReader<Type> reader(group, leaf, false);
  Batch<typename Type::c_type> batch;
  std::int64_t nulls = 0;
  while (reader.next(batch)) nulls += batch.levels - std::ssize(batch.values);
  return nulls;
}

std::int64_t count_nulls(parquet::RowGroupReader& group, int leaf) {
  switch (group.metadata()->schema()->Column(leaf)->physical_type()) {
    case parquet::Type::BOOLEAN: return count_nulls<parquet::BooleanType>(group, leaf);
    case parquet::Type::INT32: return count_nulls<parquet::Int32Type>(group, leaf);
    case parquet::Type::INT64: return count_nulls<parquet::Int64Type>(group, leaf);
    case parquet::Type::BYTE_ARRAY: return count_nulls<parquet::ByteArrayType>(group, leaf);
    case parquet::Type::FIXED_LEN_BYTE_ARRAY: return count_nulls<parquet::FLBAType>(group, leaf);
    default: throw Error(ErrorKind::kInternal, "a column of a type that no table has");
  }
}

class Description {
 public:
  explicit Description(const std::shared_ptr<ArrowInput>& input)
      : reader_(parquet::ParquetFileReader::Open(input, buffered_reader_properties(kColumnBuffer))),
        metadata_(*reader_->metadata()),
        fields_(metadata_) {}

  void add_groups(WrittenParquet& file) const {
    for (int group = 0; group < metadata_.num_row_groups(); ++group) {
      const auto of_group = metadata_.RowGroup(group);
      file.rows += of_group->num_rows();
      file.split_offsets.push_back(first_byte_of(*of_group));
    }
    if (file.rows == metadata_.num_rows()) return;
    throw Error(ErrorKind::kInvalidData, "its row groups have " + std::to_string(file.rows) +
                                             " rows, its footer says " +
                                             std::to_string(metadata_.num_rows()));
  }

  void add_column(const Column& column, WrittenParquet& file) const {
    const ParquetField* const field = fields_.find(column);
    if (field == nullptr) {
      throw Error(ErrorKind::kInvalidData, "it has no column with the field id " +
                                               std::to_string(column.field_id) + ", '" +
                                               column.name + "'");
    }
    if (is_map(column.type)) {
      file.columns.push_back(counts(field->first_leaf, column.key_id));
      file.columns.push_back(counts(field->first_leaf + 1, column.value_id));
      return;
    }
    ColumnMetrics metrics = counts(field->first_leaf, column.field_id);
    if (column.is_required && metrics.nulls > 0) {
      throw Error(ErrorKind::kInvalidData,
                  "its column '" + column.name + "' has NULLs, which it must not");
    }
    add_bounds(field->first_leaf, column.type, metrics);
    file.columns.push_back(std::move(metrics));
  }

 private:
  static std::shared_ptr<parquet::EncodedStatistics> statistics_of(
      const parquet::ColumnChunkMetaData& chunk) {
    return chunk.is_stats_set() ? chunk.encoded_statistics() : nullptr;
  }

  std::int64_t nulls_in(int group, int leaf, const parquet::ColumnChunkMetaData& chunk) const {
    const auto statistics = statistics_of(chunk);
    if (statistics != nullptr && statistics->has_null_count) return statistics->null_count;
    return count_nulls(*reader_->RowGroup(group), leaf);
  }

  ColumnMetrics counts(int leaf, int field_id) const {
    ColumnMetrics metrics;
    metrics.field_id = field_id;
    for (int group = 0; group < metadata_.num_row_groups(); ++group) {
      const auto chunk = metadata_.RowGroup(group)->ColumnChunk(leaf);
      metrics.values += chunk->num_values();
      metrics.nulls += nulls_in(group, leaf, *chunk);
      metrics.bytes += chunk->total_compressed_size();
    }
    return metrics;
  }

  void add_bounds(int leaf, ColumnType type, ColumnMetrics& metrics) const {
    Bound lower(false), upper(true);
    for (int group = 0; group < metadata_.num_row_groups(); ++group) {
      const auto chunk = metadata_.RowGroup(group)->ColumnChunk(leaf);
      const auto found = statistics_of(*chunk);
      if (found != nullptr && found->has_null_count && found->null_count == chunk->num_values()) {
        continue;
      }
      const bool has_min = found != nullptr && found->has_min;
      const bool has_max = found != nullptr && found->has_max;
      lower.add(has_min ? &found->min() : nullptr,
                has_min ? found->is_min_value_exact : std::nullopt, type);
      upper.add(has_max ? &found->max() : nullptr,
                has_max ? found->is_max_value_exact : std::nullopt, type);
    }
    metrics.lower = lower.single(type);
    metrics.upper = upper.single(type);
  }

  std::unique_ptr<parquet::ParquetFileReader> reader_;
  const parquet::FileMetaData& metadata_;
  ParquetFields fields_;
};

}  // namespace

WrittenParquet describe_parquet(std::shared_ptr<const RandomAccessBytes> file,
                                const std::vector<Column>& columns, std::string key,
                                std::string sha256) {
  WrittenParquet described;
  described.key = std::move(key);
  described.sha256 = std::move(sha256);
  described.bytes = file->size();
  const auto input = std::make_shared<ArrowInput>(std::move(file));
  const std::string tried = "cannot describe '" + described.key + "'";
  across_arrow(tried, ErrorKind::kInvalidData, {&input->kept_error()}, [&] {
    const Description description(input);
    try {
      description.add_groups(described);
      for (const Column& column : columns) description.add_column(column, described);
    } catch (const Error& error) {
      input->kept_error().rethrow_if_any();
      throw Error(error.kind(), tried + ": " + error.what());
    }
  });
  return described;
}

}  // namespace finops
