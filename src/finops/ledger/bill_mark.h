#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>

#include "finops/ledger/bill_costs.h"

namespace finops {

/// What tells that two sources deliver one bill.
struct BillMark {
  std::set<std::string> payers;  // those that are known
  std::string service_totals;    // as BillCosts::service_totals; empty: not known

  bool is_empty() const { return payers.empty() && service_totals.empty(); }
};
BillMark mark_of(const BillCosts& costs);

nlohmann::ordered_json mark_to_json(const BillMark& mark);
/// Throws nlohmann::json's exceptions when it is none.
BillMark mark_from_json(const nlohmann::ordered_json& json);

}  // namespace finops
