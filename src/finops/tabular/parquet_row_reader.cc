#include <arrow/util/key_value_metadata.h>
#include <parquet/file_reader.h>

#include <string_view>
#include <type_traits>

#include "finops/core/error.h"
#include "finops/tabular/arrow_edge.h"
#include "finops/tabular/column_chunk_reader.h"
#include "finops/tabular/parquet_fields.h"
#include "finops/tabular/parquet_writing.h"

namespace finops {
namespace {

template <typename T>
CellValue to_cell(const T& value) {
  if constexpr (std::is_same_v<T, parquet::ByteArray>) {
    return std::string(reinterpret_cast<const char*>(value.ptr), value.len);
  } else if constexpr (std::is_same_v<T, parquet::FixedLenByteArray>) {
    return Decimal::from_unscaled(to_decimal(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    return value;
  } else {
    return static_cast<std::int64_t>(value);
  }
}

/// Puts one column of a row group into its place in `rows`, whose cells are NULL so far.
template <typename Type>
void read_cells(parquet::RowGroupReader& group, int leaf, std::span<CellRow> rows,
                std::size_t place) {
  ChunkReader<Type> reader(group, leaf, false);
  Batch<typename Type::c_type> batch;
  std::int64_t row = 0;
  while (reader.next(batch)) {
    if (row + batch.levels > std::ssize(rows)) break;
    for_each_value(batch, row, [&](std::int64_t at, const auto& value) {
      rows[static_cast<std::size_t>(at)][place] = to_cell(value);
    });
    row += batch.levels;
  }
  if (row != std::ssize(rows)) {
    throw Error(ErrorKind::kInvalidData, "a column chunk and its row group differ in rows");
  }
}

void read_cells(parquet::RowGroupReader& group, const Column& column, int leaf,
                std::span<CellRow> rows, std::size_t place) {
  switch (column.type) {
    case ColumnType::kText:
    case ColumnType::kBinary: return read_cells<parquet::ByteArrayType>(group, leaf, rows, place);
    case ColumnType::kDecimal: return read_cells<parquet::FLBAType>(group, leaf, rows, place);
    case ColumnType::kDate:
    case ColumnType::kInt: return read_cells<parquet::Int32Type>(group, leaf, rows, place);
    case ColumnType::kLong:
    case ColumnType::kTimestamp: return read_cells<parquet::Int64Type>(group, leaf, rows, place);
    case ColumnType::kBoolean: return read_cells<parquet::BooleanType>(group, leaf, rows, place);
    case ColumnType::kTextMap:
    case ColumnType::kDecimalMap: break;
  }
  throw Error(ErrorKind::kInternal, "column " + column.name + " is a map, not a cell");
}

/// Rows of NULLs, as many as the row group has. The count comes from the file: what each row group
/// claims is held against what its columns hold before the next one is believed.
std::span<CellRow> add_null_rows(std::vector<CellRow>& rows, std::int64_t count,
                                 std::size_t columns) {
  const std::size_t first = rows.size();
  rows.resize(first + static_cast<std::size_t>(count), CellRow(columns));
  return std::span(rows).subspan(first);
}

std::vector<CellRow> read_rows(const std::shared_ptr<ArrowInput>& input,
                               const std::vector<Column>& columns) {
  parquet::ReaderProperties properties;
  properties.set_page_checksum_verification(true);
  const auto reader = parquet::ParquetFileReader::Open(input, properties);
  const ParquetFields fields(*reader->metadata());
  std::vector<CellRow> rows;
  for (int i = 0; i < reader->metadata()->num_row_groups(); ++i) {
    const auto group = reader->RowGroup(i);
    const auto place = add_null_rows(rows, group->metadata()->num_rows(), columns.size());
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const ParquetField* const field = fields.find(columns[c]);
      if (field != nullptr) read_cells(*group, columns[c], field->first_leaf, place, c);
    }
  }
  return rows;
}

}  // namespace

std::vector<CellRow> read_parquet_rows(std::shared_ptr<const RandomAccessBytes> file,
                                       const std::vector<Column>& columns) {
  const auto input = std::make_shared<ArrowInput>(std::move(file));
  return across_arrow("read the rows of a Parquet file", ErrorKind::kInvalidData,
                      {&input->kept_error()}, [&] { return read_rows(input, columns); });
}

std::int64_t parquet_row_count(const RandomAccessBytes& file) {
  // Not owned: the reader below does not outlive this call.
  const std::shared_ptr<const RandomAccessBytes> borrowed(std::shared_ptr<void>(), &file);
  const auto input = std::make_shared<ArrowInput>(borrowed);
  return across_arrow(
      "read the footer of a Parquet file", ErrorKind::kInvalidData, {&input->kept_error()},
      [&] { return parquet::ParquetFileReader::Open(input)->metadata()->num_rows(); });
}

std::optional<std::string> parquet_metadata(const RandomAccessBytes& file, const std::string& key) {
  // Not owned: the reader below does not outlive this call.
  const std::shared_ptr<const RandomAccessBytes> borrowed(std::shared_ptr<void>(), &file);
  const auto input = std::make_shared<ArrowInput>(borrowed);
  try {
    const auto reader = parquet::ParquetFileReader::Open(input);
    const auto pairs = reader->metadata()->key_value_metadata();
    if (pairs == nullptr || !pairs->Contains(key)) return std::nullopt;
    return pairs->Get(key).ValueOrDie();
  } catch (const std::exception&) {  // no sound Parquet file
    input->kept_error().rethrow_if_any();
    return std::nullopt;
  }
}

}  // namespace finops
