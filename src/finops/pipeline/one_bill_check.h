#pragma once

#include <optional>
#include <string>

#include "finops/core/billing_period.h"
#include "finops/ledger/receipt.h"
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

/// By what the rows of such a delivery bear out its period.
PeriodOfRows period_of_rows(const Delivery& delivery);

/// Why rows that were written cannot be of a delivery of `period`, with what to do; nothing when
/// they say that they are, or may be silent.
std::optional<std::string> other_period_of(const ConvertReport& report, const BillLayout& layout,
                                           const PeriodOfRows& says, BillingPeriod period);

}  // namespace finops
