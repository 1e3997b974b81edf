#include <arrow/array/array_dict.h>
#include <arrow/array/util.h>
#include <arrow/chunked_array.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include "finops/core/error.h"
#include "finops/tabular/arrow_edge.h"
#include "finops/tabular/parquet_fields.h"
#include "finops/tabular/parquet_writing.h"

namespace finops {
namespace {

/// A source file, read one column of one row group at a time. Text comes as dictionaries where the
/// file has it so, which the writer takes over without hashing a cell.
class MergeSource {
 public:
  MergeSource(const std::shared_ptr<ArrowInput>& input, const std::vector<Column>& columns) {
    parquet::ReaderProperties properties;
    properties.enable_buffered_stream();
    properties.set_page_checksum_verification(true);
    auto file = parquet::ParquetFileReader::Open(input, properties);
    metadata_ = file->metadata();
    const ParquetFields fields(*metadata_);
    parquet::ArrowReaderProperties arrow_properties;
    for (const Column& column : columns) {
      const ParquetField* const field = fields.find(column);
      field_indexes_.push_back(field == nullptr ? -1 : field->index);
      if (field != nullptr && column.type == ColumnType::kText) {
        arrow_properties.set_read_dictionary(field->first_leaf, true);
      }
    }
    PARQUET_ASSIGN_OR_THROW(
        reader_, parquet::arrow::FileReader::Make(arrow::default_memory_pool(), std::move(file),
                                                  arrow_properties));
  }

  int row_groups() const { return metadata_->num_row_groups(); }
  std::int64_t rows(int group) const { return metadata_->RowGroup(group)->num_rows(); }

  std::shared_ptr<arrow::ChunkedArray> read(int group, std::size_t column,
                                            const std::shared_ptr<arrow::DataType>& type) const {
    if (field_indexes_[column] < 0) {
      PARQUET_ASSIGN_OR_THROW(auto nulls, arrow::MakeArrayOfNull(type, rows(group)));
      return std::make_shared<arrow::ChunkedArray>(std::move(nulls));
    }
    std::shared_ptr<arrow::ChunkedArray> data;
    PARQUET_THROW_NOT_OK(reader_->RowGroup(group)->Column(field_indexes_[column])->Read(&data));
    if (data->length() != rows(group)) {
      throw Error(ErrorKind::kInvalidData, "a column chunk and its row group differ in rows");
    }
    if (data->type()->id() != arrow::Type::DICTIONARY || data->num_chunks() < 2) return data;
    // A second dictionary within a column chunk would make the writer give dictionaries up.
    PARQUET_ASSIGN_OR_THROW(data, arrow::DictionaryUnifier::UnifyChunkedArray(data));
    return data;
  }

 private:
  std::shared_ptr<parquet::FileMetaData> metadata_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::vector<int> field_indexes_;  // by column; -1: the file lacks it
};

std::unique_ptr<parquet::arrow::FileWriter> open_writer(const std::shared_ptr<ArrowOutput>& sink,
                                                        const arrow::Schema& schema,
                                                        const std::vector<Column>& columns,
                                                        ParquetCompression compression) {
  auto properties = parquet_properties(compression);
  for (const Column& column : columns) {
    // Bounds of texts cost more than the rest of the writing and prune nothing in unsorted rows.
    if (column.type == ColumnType::kText) properties.disable_statistics(column.name);
  }
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  PARQUET_ASSIGN_OR_THROW(
      writer, parquet::arrow::FileWriter::Open(schema, arrow::default_memory_pool(), sink,
                                               properties.build()));
  return writer;
}

std::shared_ptr<arrow::ChunkedArray> same_time(std::int64_t micros, std::int64_t rows,
                                               const std::shared_ptr<arrow::DataType>& type) {
  PARQUET_ASSIGN_OR_THROW(auto array,
                          arrow::MakeArrayFromScalar(arrow::TimestampScalar(micros, type), rows));
  return std::make_shared<arrow::ChunkedArray>(std::move(array));
}

std::int64_t append_file(const std::shared_ptr<ArrowInput>& input, const ParquetMerge& merge,
                         parquet::arrow::FileWriter& writer) {
  const MergeSource source(input, merge.columns);
  std::int64_t rows = 0;
  for (int group = 0; group < source.row_groups(); ++group) {
    const std::int64_t group_rows = source.rows(group);
    if (group_rows == 0) continue;
    PARQUET_THROW_NOT_OK(writer.NewRowGroup());
    for (std::size_t i = 0; i < merge.columns.size(); ++i) {
      const auto& type = writer.schema()->field(static_cast<int>(i))->type();
      const auto time = merge.times.find(merge.columns[i].name);
      PARQUET_THROW_NOT_OK(writer.WriteColumnChunk(
          time == merge.times.end() ? source.read(group, i, type)
                                    : same_time(time->second, group_rows, type)));
    }
    rows += group_rows;
  }
  return rows;
}

}  // namespace

std::int64_t merge_parquet(const std::vector<std::shared_ptr<const RandomAccessBytes>>& files,
                           const ParquetMerge& merge, ByteWriter& out) {
  constexpr std::string_view kTried = "merge Parquet files";
  const auto sink = std::make_shared<ArrowOutput>(out);
  const KeptError* const write_error = &sink->kept_error();
  const auto schema = to_arrow_schema(merge.columns);
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  across_arrow(kTried, ErrorKind::kInternal, {write_error},
               [&] { writer = open_writer(sink, *schema, merge.columns, merge.compression); });
  std::int64_t rows = 0;
  for (const auto& file : files) {
    const auto input = std::make_shared<ArrowInput>(file);
    rows += across_arrow(kTried, ErrorKind::kInvalidData, {write_error, &input->kept_error()},
                         [&] { return append_file(input, merge, *writer); });
  }
  across_arrow(kTried, ErrorKind::kInternal, {write_error}, [&] {
    const auto pairs = std::make_shared<arrow::KeyValueMetadata>();
    for (const auto& [key, value] : merge.metadata) pairs->Append(key, value);
    PARQUET_THROW_NOT_OK(writer->AddKeyValueMetadata(pairs));
    PARQUET_THROW_NOT_OK(writer->Close());
  });
  return rows;
}

}  // namespace finops
