#pragma once

#include <ostream>

#include "finops/ledger/receipt.h"

namespace finops {

/// A receipt for people: rows, money by currency, files. Columns whose sums are all zero and whose
/// cells were all readable and exact are counted, not listed, unless `all_columns`.
void print_receipt(std::ostream& out, const Receipt& receipt, bool all_columns);

}  // namespace finops
