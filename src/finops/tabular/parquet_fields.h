#pragma once

#include <arrow/type.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "finops/core/table_schema.h"
#include "finops/tabular/parquet_writing.h"

namespace finops {

/// One top-level column of a Parquet file; its leaves follow each other (a map has two).
struct ParquetField {
  int index = 0;                                // among the top-level fields
  int first_leaf = 0;                           // among the leaves
  const parquet::schema::Node* node = nullptr;  // owned by the file's metadata
};

/// The top-level columns of a Parquet file by Iceberg field id. Valid as long as the metadata.
class ParquetFields {
 public:
  /// Throws kInvalidData when two columns have the same id.
  explicit ParquetFields(const parquet::FileMetaData& metadata);

  /// The file's column for `column`, nothing when it has none. Throws kInvalidData when it has
  /// another type than `column`, in the physical form that Iceberg prescribes for it.
  const ParquetField* find(const Column& column) const;

 private:
  std::map<int, ParquetField> fields_;
};

/// Where a column chunk, or a row group, which has columns, begins in its file.
std::int64_t first_byte_of(const parquet::ColumnChunkMetaData& chunk);
std::int64_t first_byte_of(const parquet::RowGroupMetaData& group);

/// `columns` as Arrow's writer wants them to make Iceberg's Parquet types, with field ids.
std::shared_ptr<arrow::Schema> to_arrow_schema(const std::vector<Column>& columns);

/// For reading with page checksums, `buffer_bytes` at a time of each column chunk: one of another
/// writer may be huge.
parquet::ReaderProperties buffered_reader_properties(std::int64_t buffer_bytes);

/// The writer properties that all our Arrow-written files have in common.
parquet::WriterProperties::Builder parquet_properties(ParquetCompression compression);

}  // namespace finops
