#pragma once

#include <string>
#include <vector>

#include "finops/tabular/bill_converter.h"
#include "finops/tabular/bill_layout.h"

namespace finops {

/// A layout with a column of each type that bills have: text, decimal, cost (decimal), time, tags,
/// discount (maps) and the currency, and with every added column.
BillLayout layout_of_all_types();

/// In what the fast reader and what it wrote differ from the simple reader; nothing when both say
/// the same, refusing included. Compared: kind of failure, counts, lines, raw bytes, decimals,
/// currencies and columns of rejected rows, sums, and each column's content as read back from
/// Parquet.
std::vector<std::string> reader_differences(const std::vector<BillPart>& parts,
                                            const BillLayout& layout,
                                            const ConvertOptions& options);

}  // namespace finops
