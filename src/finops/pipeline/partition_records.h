#pragma once

#include <optional>
#include <string>
#include <vector>

#include "finops/core/billing_period.h"
#include "finops/core/clock.h"
#include "finops/lake/lake.h"
#include "finops/ledger/ledger.h"

namespace finops {

/// A (source, period) as people name it. Its export need not be configured any more.
struct PartitionChoice {
  std::string source;
  std::optional<std::string> table;  // needed when the source filled several
  BillingPeriod period;
};

/// The records of all tables with this source and period, with their receipts, and which of them
/// are of the chosen table.
struct PartitionRecords {
  LedgerPartition ledger;
  std::vector<DeliveryRecord> of_table;
  std::string table;
};

/// kNotFound when the ledger has none, kUsage when they are of several tables.
PartitionRecords partition_records(lake::Lake& lake, const PartitionChoice& choice);

/// JSON {"since","reason"}, as holds and waivers are kept.
std::string reason_json(Clock& clock, const std::string& reason);

}  // namespace finops
