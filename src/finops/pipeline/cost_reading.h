#pragma once

#include <memory>
#include <vector>

#include "finops/core/byte_stream.h"
#include "finops/core/decimal.h"
#include "finops/core/table_schema.h"
#include "finops/ledger/bill_mark.h"

namespace finops {

/// What a delivery's rows cost, read from the Parquet files that hold them: the formulas of
/// docs/lake-layout.md, as the view of costs has them, without any of its code. `columns` are those
/// that the delivery has, with finops' own; a net cost that is not among them is the gross one.
/// Memory grows with the number of payers, services, plans and reservations, not of rows.
BillCosts read_bill_costs(const std::vector<std::shared_ptr<const RandomAccessBytes>>& files,
                          const std::vector<Column>& columns, unsigned threads);

/// Who pays for what in the rows of a FOCUS export: BillingAccountId, and BilledCost by
/// BillingCurrency and ServiceName.
BillMark read_focus_mark(const std::vector<std::shared_ptr<const RandomAccessBytes>>& files,
                         const std::vector<Column>& columns, unsigned threads);

/// The unused part of a commitment after the discount that the commitment as a whole has: times
/// net / gross, rounded to 9 decimals; as it is where that is not between 0 and 1 or an amount is
/// above 10^11. Rounded half away from zero.
Int128 discounted_unused(Int128 unused, Int128 commitment, Int128 net_commitment);

}  // namespace finops
