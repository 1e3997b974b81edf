#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/sha256.h"
#include "finops/tabular/bill_converter.h"
#include "finops/tabular/parquet_format.h"

namespace finops::bill {

/// The Parquet files of one conversion, written row group after row group. A file begins with its
/// first row group; finish() makes all of them visible, so that a conversion that fails leaves
/// nothing. One thread at a time.
class ParquetFiles {
 public:
  ParquetFiles(const ParquetSchema& schema, std::int64_t file_rows,
               std::function<ConvertOutput::Named()> next_parquet);

  /// Takes the group's memory away while it is written.
  void write(RowGroup& group);
  std::vector<WrittenParquet> finish();

 private:
  struct File {
    ConvertOutput::Named out;
    Sha256 hash;
    ParquetFooter footer;
    WrittenParquet written;
  };
  void begin_file();
  void end_file(File& file);
  static void append(File& file, std::string_view bytes);
  void add_metrics(File& file, std::size_t leaf, const ColumnChunk& chunk) const;

  const ParquetSchema& schema_;
  std::int64_t file_rows_;
  std::function<ConvertOutput::Named()> next_parquet_;
  std::vector<File> files_;
  bool is_file_open_ = false;
};

/// A value as PLAIN has it, in Iceberg's single-value serialization (spec, appendix D).
std::string iceberg_bound(ColumnType type, std::string_view plain);

}  // namespace finops::bill
