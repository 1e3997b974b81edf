#include "finops/pipeline/overlap.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "finops/ledger/receipt.h"
#include "finops/pipeline/delivery_decision.h"
#include "finops/pipeline/pipeline.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kJudgedByOverlap = "overlap ";

const BillInLake* own_bill(const ExportId& id, const std::vector<BillInLake>& bills) {
  const auto it = std::ranges::find_if(bills, [&](const BillInLake& bill) {
    return bill.id.table == id.table && bill.id.source == id.source;
  });
  return it == bills.end() ? nullptr : &*it;
}

std::vector<std::string> shared_payers(const BillMark& one, const BillMark& other) {
  std::vector<std::string> shared;
  std::ranges::set_intersection(one.payers, other.payers, std::back_inserter(shared));
  return shared;
}

bool has_same_totals(const BillMark& one, const BillMark& other) {
  return !one.service_totals.empty() && one.service_totals == other.service_totals;
}

bool tells_payers(const BillMark& one, const BillMark& other) {
  return !one.payers.empty() && !other.payers.empty();
}

std::string source_of(const BillInLake& bill) {
  return "the source " + bill.id.source + " (" + bill.id.version + ")";
}

std::string what_to_do(const ExportId& id) {
  return "from " + id.source + " as well, it would count twice. Load one of the two, give " +
         id.source + " another `table`, or set `allow_overlap = true` for it";
}

}  // namespace

std::vector<BillInLake> bills_of_period(const Ledger& ledger, const std::string& period) {
  std::vector<BillInLake> bills;
  for (const auto& record : ledger.records_of_period(period)) {
    if (record.state != DeliveryState::kCurrent) continue;
    bills.push_back({record.id, receipt_from_json(record.receipt).mark()});
  }
  return bills;
}

std::optional<std::string> overlap_of(const ExportId& id, const BillMark& mark,
                                      const std::vector<BillInLake>& bills) {
  const BillInLake* own = own_bill(id, bills);
  for (const BillInLake& bill : bills) {
    if (bill.id.table != id.table || bill.id.source == id.source) continue;
    for (const auto& payer : shared_payers(mark, bill.mark)) {
      if (own != nullptr && own->mark.payers.contains(payer)) continue;
      return "payer " + payer + " of " + id.partition + " is in " + id.table + " already, from " +
             source_of(bill) + "; " + what_to_do(id);
    }
    const bool was_there = own != nullptr && has_same_totals(own->mark, mark);
    if (has_same_totals(mark, bill.mark) && !tells_payers(mark, bill.mark) && !was_there) {
      return "the costs of " + id.partition + " by service are exactly those in " + id.table +
             " from " + source_of(bill) + "; " + what_to_do(id);
    }
  }
  return std::nullopt;
}

std::optional<std::string> overlap_in_lake(lake::Lake& lake, const PipelineSettings& settings,
                                           const ExportId& id, const BillMark& mark) {
  if (settings.allows_overlap && settings.allows_overlap(id.source)) return std::nullopt;
  return overlap_of(id, mark, bills_of_period(Ledger(lake), id.partition));
}

std::vector<std::string> overlap_warnings(const ExportId& id, const BillMark& mark,
                                          const std::vector<BillInLake>& bills) {
  std::vector<std::string> warnings;
  for (const BillInLake& bill : bills) {
    if (bill.id.table == id.table && bill.id.source == id.source) continue;
    const bool is_one_table = bill.id.table == id.table;
    const auto shared = is_one_table ? shared_payers(mark, bill.mark) : std::vector<std::string>();
    if (!shared.empty()) {
      warnings.push_back("payer " + shared.front() + " is in " + id.table + " twice, also from " +
                         source_of(bill));
    } else if (has_same_totals(mark, bill.mark)) {
      warnings.push_back("its costs by service are exactly those of " + source_of(bill) + " in " +
                         bill.id.table + ": whoever adds the two counts one bill twice");
    }
  }
  return warnings;
}

std::string judged_by_overlap(const BillMark& mark) {
  return std::string(kJudgedByOverlap) + mark_to_json(mark).dump();
}

BillMark mark_before_reading(const Delivery& delivery, const std::vector<DeliveryRecord>& records) {
  const auto is_it = [&](const DeliveryRecord& record) {
    return record.state == DeliveryState::kRefused &&
           record.judged_by.starts_with(kJudgedByOverlap) &&
           is_version_of(record.id.version, delivery.version) &&
           record.manifest_etag == delivery.manifest_etag;
  };
  const auto refused = std::ranges::find_if(records.rbegin(), records.rend(), is_it);
  if (refused != records.rend()) {
    return mark_from_json(Json::parse(refused->judged_by.substr(kJudgedByOverlap.size())));
  }
  BillMark mark;
  if (!delivery.account.empty()) mark.payers.insert(delivery.account);
  return mark;
}

}  // namespace finops
