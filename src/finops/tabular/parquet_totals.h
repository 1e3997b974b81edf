#pragma once

#include <memory>
#include <string>
#include <vector>

#include "finops/core/byte_stream.h"
#include "finops/tabular/bill_layout.h"
#include "finops/tabular/bill_totals.h"

namespace finops {

/// Reads a Parquet file of the lake back, with Arrow, which shares no code with our writer: rows,
/// sums by currency, NULLs and fingerprints of every column of `columns`, found by field id; a
/// column that the file lacks is all NULL. Adds to `totals`. Bounded memory; `threads` row groups
/// at a time. Throws kInvalidData for a file that is damaged or whose column has another type.
void add_parquet_totals(std::shared_ptr<const RandomAccessBytes> file,
                        const std::vector<Column>& columns, const std::string& currency_column,
                        unsigned threads, RowsTotals& totals);

}  // namespace finops
