#pragma once

#include <string>
#include <vector>

#include "finops/ledger/ledger.h"
#include "finops/pipeline/run_report.h"
#include "finops/sources/billing_source.h"

namespace finops {

/// What is to be done with a delivery, by the contract's rules (docs/commands.md, "What is
/// loaded").
struct Decision {
  PlanAction action = PlanAction::kLoad;
  std::string reason;
};

/// `records` are the ledger's of the delivery's partition and table. `judged_by` tells whether an
/// earlier refusal still stands. `overwrite`: load again what is current.
Decision decide(const Delivery& delivery, const std::vector<DeliveryRecord>& records,
                const std::string& judged_by, bool overwrite);

/// Why newer deliveries wait behind this one.
std::string held_by(const DeliveryRecord& current);

/// True for the version itself and for "<version>+<8 hex>", the same id with other bytes.
bool is_version_of(const std::string& recorded, const std::string& delivered);

}  // namespace finops
