#include "finops/ledger/bill_mark.h"

#include <nlohmann/json.hpp>

namespace finops {

BillMark mark_of(const BillCosts& costs) {
  BillMark mark{{}, costs.service_totals};
  for (const auto& payer : costs.payers) {
    if (!payer.payer.empty()) mark.payers.insert(payer.payer);
  }
  return mark;
}

nlohmann::ordered_json mark_to_json(const BillMark& mark) {
  return {{"payers", mark.payers}, {"service_totals", mark.service_totals}};
}

BillMark mark_from_json(const nlohmann::ordered_json& json) {
  return {json.at("payers").get<std::set<std::string>>(), json.at("service_totals")};
}

}  // namespace finops
