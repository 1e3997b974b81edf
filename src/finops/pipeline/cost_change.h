#pragma once

#include <map>
#include <string>
#include <vector>

#include "finops/core/billing_period.h"
#include "finops/core/clock.h"
#include "finops/core/decimal.h"
#include "finops/ledger/ledger.h"
#include "finops/ledger/receipt.h"

namespace finops {

/// Days after the end of a month from which it counts as closed, where nothing else is configured.
inline constexpr int kClosedAfterDays = 15;

/// What it did to the cost of a month that one delivery took the place of another.
struct CostChange {
  std::string replaced_version;
  /// As delivered, quarantined rows included: after - before, by every currency of the two.
  std::map<std::string, ExactSum> by_currency;
  bool is_of_closed_month = false;

  std::map<std::string, ExactSum> moved() const;  // without the currencies that stayed as they were
  bool has_moved_closed_month() const { return is_of_closed_month && !moved().empty(); }
};

/// How changes of cost are judged in one table.
struct CostJudgement {
  std::string cost_column;
  int closed_after_days = kClosedAfterDays;
};

/// A month is closed at `now` when it is over and either AWS had put an invoice on every row of the
/// delivery that was replaced, or it has been over for more than `closed_after_days` days.
bool is_closed(BillingPeriod period, const Receipt& replaced, TimePoint now, int closed_after_days);

CostChange cost_change(const Receipt& replaced, const Receipt& by, TimePoint now,
                       const CostJudgement& judgement);

/// The delivery that was current before `record`; nullptr for the first one. `records` are those of
/// its partition and table, oldest first. With `other_version` revisions of the same delivery do
/// not count.
const DeliveryRecord* delivery_before(const std::vector<DeliveryRecord>& records,
                                      const DeliveryRecord& record, bool other_version);

}  // namespace finops
