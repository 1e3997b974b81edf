#include <arrow/array/builder_base.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/builder.h>
#include <arrow/table.h>
#include <arrow/util/decimal.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_writer.h>

#include <algorithm>
#include <limits>

#include "finops/core/error.h"
#include "finops/core/utf8.h"
#include "finops/tabular/arrow_edge.h"
#include "finops/tabular/parquet_fields.h"
#include "finops/tabular/parquet_writing.h"
#include "finops/tabular/single_value.h"

namespace finops {
namespace {

// A row group ends at whichever comes first: a quarantined row may hold a mebibyte.
constexpr std::int64_t kRowGroupRows = 65'536;
constexpr std::size_t kRowGroupBytes = 32 << 20;

bool takes(ColumnType type, const CellValue& value) {
  switch (type) {
    case ColumnType::kText:
    case ColumnType::kBinary: return std::holds_alternative<std::string>(value);
    case ColumnType::kDecimal: return std::holds_alternative<Decimal>(value);
    case ColumnType::kDate:
    case ColumnType::kInt:
    case ColumnType::kLong:
    case ColumnType::kTimestamp: return std::holds_alternative<std::int64_t>(value);
    case ColumnType::kBoolean: return std::holds_alternative<bool>(value);
    case ColumnType::kTextMap:
    case ColumnType::kDecimalMap: return false;
  }
  return false;
}

/// Nothing wrong: nullptr.
const char* fault_of(const Column& column, const CellValue& value) {
  if (std::holds_alternative<std::monostate>(value)) {
    return column.is_required ? "NULL in a required column" : nullptr;
  }
  if (!takes(column.type, value)) return "a value of another type";
  if (column.type == ColumnType::kText && !is_utf8(std::get<std::string>(value))) {
    return "text that is not UTF-8";
  }
  if (column.type == ColumnType::kInt || column.type == ColumnType::kDate) {
    const std::int64_t integer = std::get<std::int64_t>(value);
    using Limits = std::numeric_limits<std::int32_t>;
    if (integer < Limits::min() || integer > Limits::max()) return "a number beyond 32 bits";
  }
  return nullptr;
}

/// One column of the row group that is being filled, and the bounds of the whole file.
class ColumnBuffer {
 public:
  ColumnBuffer(Column column, bool is_bounded)
      : column_(std::move(column)), is_bounded_(is_bounded) {
    const auto type = to_arrow_schema({column_})->field(0)->type();
    PARQUET_THROW_NOT_OK(arrow::MakeBuilder(arrow::default_memory_pool(), type, &builder_));
    metrics_.field_id = column_.field_id;
  }

  const Column& column() const { return column_; }

  void append(const CellValue& value) {
    ++metrics_.values;
    if (std::holds_alternative<std::monostate>(value)) {
      ++metrics_.nulls;
      PARQUET_THROW_NOT_OK(builder_->AppendNull());
      return;
    }
    if (is_bounded_) {
      if (std::holds_alternative<std::monostate>(lowest_) || value < lowest_) lowest_ = value;
      if (std::holds_alternative<std::monostate>(highest_) || value > highest_) highest_ = value;
    }
    PARQUET_THROW_NOT_OK(append_to_builder(value));
  }

  std::shared_ptr<arrow::Array> take() {
    std::shared_ptr<arrow::Array> array;
    PARQUET_THROW_NOT_OK(builder_->Finish(&array));
    return array;
  }

  ColumnMetrics metrics() const {
    ColumnMetrics metrics = metrics_;
    if (!std::holds_alternative<std::monostate>(lowest_)) {
      metrics.lower = single_value(lowest_, column_.type);
      metrics.upper = single_value(highest_, column_.type);
    }
    return metrics;
  }

 private:
  template <typename Builder>
  Builder& as() {
    return static_cast<Builder&>(*builder_);
  }

  arrow::Status append_to_builder(const CellValue& value) {
    switch (column_.type) {
      case ColumnType::kText:
      case ColumnType::kBinary:
        return as<arrow::BinaryBuilder>().Append(std::get<std::string>(value));
      case ColumnType::kDecimal: {
        const Int128 unscaled = std::get<Decimal>(value).unscaled();
        return as<arrow::Decimal128Builder>().Append(arrow::Decimal128(
            static_cast<std::int64_t>(unscaled >> 64), static_cast<std::uint64_t>(unscaled)));
      }
      case ColumnType::kDate:
        return as<arrow::Date32Builder>().Append(
            static_cast<std::int32_t>(std::get<std::int64_t>(value)));
      case ColumnType::kInt:
        return as<arrow::Int32Builder>().Append(
            static_cast<std::int32_t>(std::get<std::int64_t>(value)));
      case ColumnType::kLong:
        return as<arrow::Int64Builder>().Append(std::get<std::int64_t>(value));
      case ColumnType::kTimestamp:
        return as<arrow::TimestampBuilder>().Append(std::get<std::int64_t>(value));
      case ColumnType::kBoolean: return as<arrow::BooleanBuilder>().Append(std::get<bool>(value));
      case ColumnType::kTextMap:
      case ColumnType::kDecimalMap: break;
    }
    return arrow::Status::NotImplemented("maps in small tables");
  }

  Column column_;
  bool is_bounded_;
  std::unique_ptr<arrow::ArrayBuilder> builder_;
  ColumnMetrics metrics_;
  CellValue lowest_, highest_;
};

std::size_t size_of(const CellValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return sizeof value + (text == nullptr ? 0 : text->size());
}

class ArrowRowWriter final : public ParquetRowWriter {
 public:
  ArrowRowWriter(std::string key, std::unique_ptr<ByteWriter> out, std::vector<Column> columns,
                 const std::vector<std::string>& bounded)
      : key_(std::move(key)),
        out_(std::move(out)),
        sink_(std::make_shared<ArrowOutput>(*out_)),
        schema_(to_arrow_schema(columns)) {
    across([&] {
      auto properties = parquet_properties(ParquetCompression::kZstd);
      for (Column& column : columns) {
        const bool is_bounded = std::ranges::find(bounded, column.name) != bounded.end();
        if (!is_bounded) properties.disable_statistics(column.name);
        buffers_.emplace_back(std::move(column), is_bounded);
      }
      PARQUET_ASSIGN_OR_THROW(
          writer_, parquet::arrow::FileWriter::Open(*schema_, arrow::default_memory_pool(), sink_,
                                                    properties.build()));
    });
  }

  void append(CellRow row) override {
    if (row.size() != buffers_.size()) {
      fail("a row has " + std::to_string(row.size()) + " cells, the table " +
           std::to_string(buffers_.size()) + " columns");
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
      const Column& column = buffers_[i].column();
      const char* const fault = fault_of(column, row[i]);
      if (fault != nullptr) fail("column '" + column.name + "' cannot take " + fault);
      buffered_bytes_ += size_of(row[i]);
    }
    across([&] {
      for (std::size_t i = 0; i < row.size(); ++i) buffers_[i].append(row[i]);
      ++buffered_rows_;
      if (buffered_rows_ >= kRowGroupRows || buffered_bytes_ >= kRowGroupBytes) flush();
    });
  }

  WrittenParquet finish() override {
    across([&] {
      flush();
      PARQUET_THROW_NOT_OK(writer_->Close());
    });
    out_->finish();
    return written();
  }

 private:
  template <typename Work>
  void across(Work work) {
    across_arrow("write Parquet file '" + key_ + "'", ErrorKind::kInternal, {&sink_->kept_error()},
                 work);
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw Error(ErrorKind::kInternal, "write Parquet file '" + key_ + "': " + why);
  }

  void flush() {
    if (buffered_rows_ == 0) return;
    arrow::ArrayVector arrays;
    for (auto& buffer : buffers_) arrays.push_back(buffer.take());
    const auto table = arrow::Table::Make(schema_, arrays, buffered_rows_);
    PARQUET_THROW_NOT_OK(writer_->WriteTable(*table, buffered_rows_));
    rows_ += buffered_rows_;
    buffered_rows_ = 0;
    buffered_bytes_ = 0;
  }

  WrittenParquet written() const {
    const auto metadata = writer_->metadata();
    WrittenParquet file;
    file.key = key_;
    file.bytes = static_cast<std::uint64_t>(sink_->Tell().ValueOr(0));
    file.rows = rows_;
    file.sha256 = sink_->sha256();
    for (const auto& buffer : buffers_) file.columns.push_back(buffer.metrics());
    for (int i = 0; i < metadata->num_row_groups(); ++i) {
      const auto group = metadata->RowGroup(i);
      file.split_offsets.push_back(first_byte_of(*group));
      for (std::size_t leaf = 0; leaf < file.columns.size(); ++leaf) {  // no maps: leaf = column
        file.columns[leaf].bytes +=
            group->ColumnChunk(static_cast<int>(leaf))->total_compressed_size();
      }
    }
    return file;
  }

  std::string key_;
  std::unique_ptr<ByteWriter> out_;
  std::shared_ptr<ArrowOutput> sink_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<ColumnBuffer> buffers_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::int64_t rows_ = 0, buffered_rows_ = 0;
  std::size_t buffered_bytes_ = 0;
};

}  // namespace

std::unique_ptr<ParquetRowWriter> make_parquet_row_writer(std::string key,
                                                          std::unique_ptr<ByteWriter> out,
                                                          std::vector<Column> columns,
                                                          const std::vector<std::string>& bounded) {
  return std::make_unique<ArrowRowWriter>(std::move(key), std::move(out), std::move(columns),
                                          bounded);
}

}  // namespace finops
