#pragma once

#include <parquet/file_reader.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "finops/core/decimal.h"
#include "finops/core/table_schema.h"
#include "finops/tabular/bill_totals.h"
#include "finops/tabular/parquet_fields.h"

namespace finops {

/// Sums decimals in 128 bits as long as they fit: an ExactSum for every cell would be far too slow.
class DecimalSum {
 public:
  void add(Int128 unscaled) {
    ++cells_;
    add_uncounted(unscaled);
  }
  /// A value that occurs `count` times.
  void add(Int128 unscaled, std::uint64_t count);

  std::uint64_t cells() const { return cells_; }
  ExactSum total() const;

 private:
  void add_uncounted(Int128 unscaled) {
    Int128 next = 0;
    if (__builtin_add_overflow(partial_, unscaled, &next)) [[unlikely]] {
      flushed_.add(partial_);
      next = unscaled;
    }
    partial_ = next;
  }

  std::uint64_t cells_ = 0;
  Int128 partial_ = 0;
  ExactSum flushed_;
};

/// The currency of each row of one row group.
struct RowCurrencies {
  std::vector<std::string> names = {""};
  std::vector<std::uint32_t> of_row;  // index into names; empty when all rows have the first one
};

/// What one column of one row group holds.
struct ChunkTotals {
  ColumnContent content;
  std::vector<DecimalSum> sums;  // by index into RowCurrencies::names; decimal columns only
};

// These read values, not statistics, batch by batch. They throw what Parquet's reader throws, and
// kInvalidData when the column's rows are not those of its row group.

RowCurrencies read_currencies(parquet::RowGroupReader& group, const ParquetField& field);
ChunkTotals read_flat_column(parquet::RowGroupReader& group, const ParquetField& field,
                             ColumnType type, const RowCurrencies& currencies);
ChunkTotals read_map_column(parquet::RowGroupReader& group, const ParquetField& field,
                            ColumnType type);

}  // namespace finops
