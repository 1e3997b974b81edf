#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "finops/lake/lake.h"
#include "finops/tabular/bill_layout.h"
#include "finops/tabular/parquet_writing.h"

namespace finops {

/// "aws_billing_data" -> "aws_billing_data_quarantine".
lake::TableName quarantine_table(const std::string& data_table);

/// Writes the faulty rows of one delivery to one Parquet file of the quarantine table, which is
/// made, or given the delivery's decimal columns, when the first row comes. One thread at a time.
class QuarantineWriter {
 public:
  QuarantineWriter(lake::Lake& lake, const std::string& data_table, const BillLayout& layout);

  void add(RejectedRow&& row);
  /// The finished file; nothing when no row came.
  std::optional<WrittenParquet> finish();

 private:
  void begin();

  lake::Lake& lake_;
  lake::TableName table_;
  const BillLayout& layout_;
  std::vector<Column> columns_;
  std::unique_ptr<ParquetRowWriter> writer_;
};

}  // namespace finops
