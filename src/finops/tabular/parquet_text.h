#pragma once

#include <memory>

#include "finops/tabular/delivered_text.h"

namespace finops::bill {

/// The rows of a Parquet file as records of CSV, by the rules of bill_layout.h ("Parquet"), each
/// ended by a line feed. read() takes the whole file through part.open() first, for its hash, then
/// jumps through part.open_random(). Throws kInvalidData for what is no sound Parquet, kUnsupported
/// for columns of types that no bill has; both name the file.
std::unique_ptr<DeliveredText> open_parquet_text(const BillPart& part);

}  // namespace finops::bill
