#include "finops/pipeline/cost_change.h"

#include <algorithm>

namespace finops {
namespace {

/// bill/InvoiceId is blank until a line is final: AWS's user guide of the Cost and Usage Report,
/// "Billing details". FOCUS 1.2 calls it InvoiceId.
bool has_invoices(const Receipt& receipt) {
  if (receipt.loaded_rows == 0) return false;
  return std::ranges::any_of(std::initializer_list<const char*>{"bill_invoice_id", "InvoiceId"},
                             [&](const char* name) {
                               const auto column = receipt.columns.find(name);
                               return column != receipt.columns.end() && column->second.nulls == 0;
                             });
}

void add(const Receipt& receipt, const std::string& column, bool is_negative,
         std::map<std::string, ExactSum>& by_currency) {
  for (const auto& [currency, columns] : receipt.sums) {
    const auto sum = columns.find(column);
    if (sum == columns.end()) continue;
    ExactSum& total = by_currency[currency];
    is_negative ? total.subtract(sum->second.source) : total.add(sum->second.source);
  }
}

}  // namespace

std::map<std::string, ExactSum> CostChange::moved() const {
  std::map<std::string, ExactSum> result = by_currency;
  std::erase_if(result, [](const auto& item) { return item.second.is_zero(); });
  return result;
}

bool is_closed(BillingPeriod period, const Receipt& replaced, TimePoint now,
               int closed_after_days) {
  const TimePoint end = period.next().first_day();
  if (now < end) return false;
  return has_invoices(replaced) || now - end > std::chrono::days(closed_after_days);
}

CostChange cost_change(const Receipt& replaced, const Receipt& by, TimePoint now,
                       const CostJudgement& judgement) {
  CostChange change;
  change.replaced_version = replaced.id.version;
  add(by, judgement.cost_column, false, change.by_currency);
  add(replaced, judgement.cost_column, true, change.by_currency);
  const auto period = BillingPeriod::parse(by.id.partition);
  change.is_of_closed_month =
      period && is_closed(*period, replaced, now, judgement.closed_after_days);
  return change;
}

const DeliveryRecord* delivery_before(const std::vector<DeliveryRecord>& records,
                                      const DeliveryRecord& record, bool other_version) {
  const DeliveryRecord* before = nullptr;
  for (const DeliveryRecord& one : records) {
    if (one.id == record.id && one.revision == record.revision) return before;
    const bool was_current = one.state != DeliveryState::kRefused;
    if (was_current && !(other_version && one.id == record.id)) before = &one;
  }
  return nullptr;
}

}  // namespace finops
