#include "finops/demo/demo_month.h"

#include <algorithm>
#include <array>
#include <utility>

#include "finops/core/error.h"

namespace finops {
namespace {

using enum DemoField;

/// Commitments are charged by the hour in large bills, by the day or week in small ones.
std::int64_t slot_hours(std::int64_t rows) {
  return rows >= 200'000 ? 1 : rows >= 2'500 ? 24 : 168;
}

constexpr std::int64_t kRowsOfLaterVersion = 3;

constexpr auto kNetPairs = std::to_array<std::pair<DemoField, DemoField>>({
    {kUnblendedRate, kNetUnblendedRate},
    {kUnblendedCost, kNetUnblendedCost},
    {kRiUpfrontForUsage, kNetRiUpfrontForUsage},
    {kRiUpfrontForPeriod, kNetRiUpfrontForPeriod},
    {kRiEffectiveCost, kNetRiEffectiveCost},
    {kRiRecurringForUsage, kNetRiRecurringForUsage},
    {kRiUnusedUpfront, kNetRiUnusedUpfront},
    {kRiUnusedRecurring, kNetRiUnusedRecurring},
    {kRiUpfrontValue, kNetRiUpfrontValue},
    {kSpUpfrontForPeriod, kNetSpUpfrontForPeriod},
    {kSpRecurringForPeriod, kNetSpRecurringForPeriod},
    {kSpEffectiveCost, kNetSpEffectiveCost},
    {kSplitCost, kNetSplitCost},
    {kSplitUnusedCost, kNetSplitUnusedCost},
});

}  // namespace

DemoMonth::DemoMonth(const DemoPayer& payer, const DemoMonthPlan& plan, DemoLineItemSink& sink,
                     std::stop_token stop)
    : payer_(payer),
      plan_(plan),
      sink_(sink),
      stop_(std::move(stop)),
      month_{plan.period.first_day(), plan.period.next().first_day()},
      random_{payer.seed,
              static_cast<std::uint64_t>(plan.period.year() * 12 + plan.period.month())},
      late_{random_.next(), static_cast<std::uint64_t>(plan.version)},
      period_start_(demo_time_text(month_.begin)),
      period_end_(demo_time_text(month_.end)),
      charged_(payer.accounts.size()),
      reserved_used_(payer.reservations.size()) {
  const std::uint64_t number = 1'000'000'000 + random_.below(900'000'000);
  const bool is_final = !plan.is_last || plan.version > 1;  // AWS leaves the number out until then
  if (is_final) invoice_ = std::to_string(number);
  purchase_invoice_ = std::to_string(number + 1);
  marketplace_invoice_ = std::to_string(number + 2);
  refund_invoice_ = std::to_string(number + 3);
}

void DemoMonth::run() {
  upfront_fees();
  const auto all = slots();
  const std::int64_t wanted = plan_.rows + kRowsOfLaterVersion * (plan_.version - 1);
  const std::int64_t before_end = wanted - rows_of_month_end();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (stop_.stop_requested())
      throw Error(ErrorKind::kCancelled, "generating bills was cancelled");
    for (const auto& plan : payer_.savings_plans) savings_plan(plan, all[i]);
    for (std::size_t r = 0; r < payer_.reservations.size(); ++r) reservation(r, all[i]);
    if (plan_.has_split_rows) split_usage(all[i]);
    const auto count = static_cast<std::int64_t>(all.size());
    const std::int64_t until = before_end * static_cast<std::int64_t>(i + 1) / count;
    while (emitted_ < until) usage(all[i]);
  }
  month_end();
}

std::vector<DemoMonth::Slot> DemoMonth::slots() const {
  const std::chrono::hours length(slot_hours(plan_.rows));
  std::vector<Slot> all;
  for (DemoTime at = month_.begin; at < month_.end; at += length) {
    all.push_back({at, std::min(at + length, month_.end)});
  }
  return all;
}

DemoMonth::Slot DemoMonth::active_part(Slot slot, DemoTime from, DemoTime to) const {
  const DemoTime begin = std::max(slot.begin, from), end = std::min(slot.end, to);
  return {begin, std::max(begin, end)};
}

void DemoMonth::begin_item(std::size_t account, std::string_view type, DemoTime from, DemoTime to) {
  item_.clear();
  account_ = account;
  const DemoAccount& owner = payer_.accounts[account];
  const bool is_indian = owner.currency == "INR";
  item_.set(kInvoiceId, invoice_);
  item_.set(kInvoicingEntity,
            is_indian ? "Amazon Web Services India Private Limited" : "Amazon Web Services, Inc.");
  item_.set(kLegalEntity, item_.text(kInvoicingEntity));
  item_.set(kBillingEntity, is_indian ? "AISPL" : "AWS");
  item_.set(kBillType, "Anniversary");
  item_.set(kPayerAccountId, payer_.account_id);
  item_.set(kPayerAccountName, payer_.name);
  item_.set(kPeriodStart, period_start_);
  item_.set(kPeriodEnd, period_end_);
  item_.set(kUsageAccountId, owner.id);
  item_.set(kUsageAccountName, owner.name);
  item_.set(kCategoryTeam, owner.name);
  item_.set(kCategoryEnvironment, account % 3 == 0 ? "production" : "");
  item_.set(kLineItemType, type);
  item_.set(kUsageStart, item_.keep(demo_time_text(from)));
  item_.set(kUsageEnd, item_.keep(demo_time_text(to)));
  item_.set(kTimeInterval, text("{}/{}", item_.text(kUsageStart), item_.text(kUsageEnd)));
  item_.set(kCurrency, owner.currency);
  item_.set(kPricingCurrency, owner.currency);
}

void DemoMonth::set_service(const DemoService& service, const DemoRegion& region) {
  item_.set(kProductCode, service.code);
  item_.set(kProductName, service.name);
  item_.set(kServiceCode, service.code);
  item_.set(kProductFamily, service.family);
  item_.set(kOperation, service.operation);
  item_.set(kProductOperation, service.operation);
  item_.set(kUsageType, text("{}-{}", region.prefix, service.usage_type));
  item_.set(kProductUsageType, item_.text(kUsageType));
  item_.set(kUnit, service.unit);
  item_.set(kLocation, region.location);
  item_.set(kLocationType, "AWS Region");
  item_.set(kRegion, region.code);
  item_.set(kRegionCode, region.code);
}

void DemoMonth::set_cost(const DemoNumber& cost) {
  item_.set(kUnblendedCost, cost);
  item_.set(kBlendedCost, cost);
}

/// The discount contract: 10 % of what AWS itself charges in dollars, and 5 % more on metrics. One
/// more decimal holds 10 % exactly, so that net columns fulfil the same equations as gross ones.
void DemoMonth::set_discounts() {
  const std::string_view type = item_.text(kLineItemType);
  const bool is_contract = item_.text(kBillingEntity) == "AWS" && type != "Tax" &&
                           type != "Credit" && type != "Refund" && !type.ends_with("Discount");
  const bool is_discounted = is_contract && !has_separate_discounts();
  const DemoNumber& cost = item_.number(kUnblendedCost);
  if (is_discounted && cost.digits != 0) {
    item_.set(kEdpDiscount, cost.times(-1, 1));
    if (item_.text(kProductCode) == "AmazonCloudWatch") {
      item_.set(kBundledDiscount, cost.times(-5, 2));
    }
    item_.set(kTotalDiscount, item_.number(kEdpDiscount) + item_.number(kBundledDiscount));
  }
  if (payer_.has_net_columns) set_net_columns(is_discounted);
}

void DemoMonth::set_net_columns(bool is_discounted) {
  for (const auto& [gross, net] : kNetPairs) {
    const DemoNumber& number = item_.number(gross);
    item_.set(net, is_discounted ? number.times(9, 1) : number);
  }
  if (!item_.number(kTotalDiscount).is_empty) {
    item_.set(kNetUnblendedCost, item_.number(kUnblendedCost) + item_.number(kTotalDiscount));
  }
}

void DemoMonth::emit() {
  std::array<char, 52> id;
  for (std::size_t i = 0; i < id.size(); i += 13) {
    std::uint64_t bits = random_.next();
    for (std::size_t k = i; k < i + 13; ++k, bits >>= 5) {
      id[k] = "abcdefghijklmnopqrstuvwxyz234567"[bits & 31];
    }
  }
  item_.set(kLineItemId, std::string_view(id.data(), id.size()));
  set_discounts();
  sink_.take(item_);
  ++emitted_;
  charged_[account_] += item_.number(kUnblendedCost).rounded();
}

}  // namespace finops
