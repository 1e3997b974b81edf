#pragma once

#include <string>
#include <vector>

#include "finops/ledger/receipt.h"
#include "finops/tabular/bill_totals.h"

namespace finops {

/// In which points rows (read from Parquet, or from delivered bytes) differ from what a receipt
/// says was loaded: row count, sums by currency, NULLs and fingerprints of each column. One
/// sentence each, beginning with `what` ("the lake", "the delivered files").
std::vector<std::string> differences(const Receipt& receipt, const RowsTotals& found,
                                     const std::string& what);

/// The same between the delivered bytes as the simple reader sees them and the lake.
std::vector<std::string> differences(const RowsTotals& delivered, const RowsTotals& lake);

}  // namespace finops
