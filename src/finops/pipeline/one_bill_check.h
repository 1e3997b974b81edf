#pragma once

#include "finops/sources/billing_source.h"
#include "finops/tabular/bill_converter.h"
#include "finops/tabular/bill_layout.h"

namespace finops {

/// What the rows of a delivery without a manifest must bear out before it is published: that they
/// are one bill of one month. Every row that fits says the delivery's period in the dictionary's
/// period column, or nothing at all where the period was told; and no two files with rows are the
/// same, byte for byte. Goes by what was written, whatever the first rows said. Throws kInvalidData
/// that says what to do.
void require_one_bill(const Delivery& delivery, const BillLayout& layout,
                      const ConvertReport& report);

}  // namespace finops
