#pragma once

#include <functional>
#include <string>
#include <vector>

#include "finops/tabular/bill_layout.h"
#include "finops/tabular/bill_totals.h"

namespace finops {

/// What the simple reader found in the same parts that a conversion read.
struct SimpleReadReport {
  RowsTotals loaded;      // the rows that fit; added columns included
  CurrencyTotals source;  // all rows
  std::uint64_t source_rows = 0, rejected_rows = 0;
  struct Part {
    std::string key, sha256;
    std::uint64_t bytes = 0, rows = 0, rejected = 0;
  };
  std::vector<Part> parts;
};

/// Reads a delivery byte by byte, cell by cell, as the contracts' rules say and in no cleverer way:
/// the judge of the fast reader, in `receipt verify` and in the fuzzer. Shares no parsing code with
/// it: zlib inflates, core's Decimal parses. `on_rejected` may be empty.
SimpleReadReport read_bill_simply(const std::vector<BillPart>& parts, const BillLayout& layout,
                                  std::size_t cell_limit,
                                  const std::function<void(RejectedRow&&)>& on_rejected);

}  // namespace finops
