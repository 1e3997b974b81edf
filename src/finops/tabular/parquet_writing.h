#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "finops/core/byte_stream.h"
#include "finops/core/decimal.h"
#include "finops/core/table_schema.h"
#include "finops/tabular/bill_converter.h"

namespace finops {

/// A value of a small table (ledger, quarantine): NULL, text or binary, int/long/timestamp,
/// decimal, boolean.
using CellValue = std::variant<std::monostate, std::string, std::int64_t, Decimal, bool>;
using CellRow = std::vector<CellValue>;

/// Writes rows of a small table to a Parquet file with Iceberg field ids, through Arrow, row group
/// by row group. finish() makes the file visible and returns its metrics; columns whose names are
/// in `bounded` have bounds. Not for bills: see convert_bill.
class ParquetRowWriter {
 public:
  virtual ~ParquetRowWriter() = default;
  virtual void append(CellRow row) = 0;  // in the order of the columns
  virtual WrittenParquet finish() = 0;
};
std::unique_ptr<ParquetRowWriter> make_parquet_row_writer(std::string key,
                                                          std::unique_ptr<ByteWriter> out,
                                                          std::vector<Column> columns,
                                                          const std::vector<std::string>& bounded);

/// Reads rows of a small table, the columns by field id, in this order; a missing column is NULL.
std::vector<CellRow> read_parquet_rows(std::shared_ptr<const RandomAccessBytes> file,
                                       const std::vector<Column>& columns);

enum class ParquetCompression { kSnappy, kZstd, kGzip, kLz4, kNone };

/// How several Parquet files of one table become one.
struct ParquetMerge {
  std::vector<Column> columns;  // of the result: found by field id, under these names
  ParquetCompression compression = ParquetCompression::kSnappy;
  std::vector<std::pair<std::string, std::string>> metadata = {};  // of the footer
  /// Columns, by name, that have one time (microseconds since 1970, UTC) in all rows, whatever the
  /// files say.
  std::map<std::string, std::int64_t> times = {};
};

/// Copies the rows of several files into one, a column being NULL where a file lacks it; timestamps
/// UTC-adjusted. Bounded memory. Returns the rows written.
std::int64_t merge_parquet(const std::vector<std::shared_ptr<const RandomAccessBytes>>& files,
                           const ParquetMerge& merge, ByteWriter& out);

/// How many rows the file says it has; kInvalidData when it is no sound Parquet file.
std::int64_t parquet_row_count(const RandomAccessBytes& file);

/// The value of a key of a Parquet file's key-value metadata; nothing when there is none, or when
/// this is no sound Parquet file.
std::optional<std::string> parquet_metadata(const RandomAccessBytes& file, const std::string& key);

}  // namespace finops
