#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "finops/tabular/bill_layout.h"
#include "finops/tabular/simple_records.h"

namespace finops::simple {

/// The rows of a Parquet file as records, by the rules of bill_layout.h ("Parquet"), through
/// Arrow's arrays, value by value. Throws kInvalidData or kUnsupported that names the file.
class ParquetRecords {
 public:
  explicit ParquetRecords(const BillPart& part);
  ~ParquetRecords();
  ParquetRecords(const ParquetRecords&) = delete;
  ParquetRecords& operator=(const ParquetRecords&) = delete;

  const std::vector<std::string>& columns() const { return columns_; }
  /// False at the end.
  bool next(Record& record);
  std::uint64_t bytes() const { return bytes_; }
  const std::string& sha256() const { return sha256_; }

 private:
  struct Input;
  template <typename Work>
  void guarded(Work work) const;

  std::string name_;
  std::uint64_t bytes_ = 0;
  std::string sha256_;
  std::unique_ptr<Input> input_;
  std::vector<std::string> columns_;
  std::int64_t row_ = 0;
};

}  // namespace finops::simple
