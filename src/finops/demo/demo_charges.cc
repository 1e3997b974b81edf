#include <algorithm>
#include <array>

#include "finops/demo/demo_month.h"

namespace finops {
namespace {

using enum DemoField;

constexpr DemoService kSupport{
    "AWSSupportBusiness", "AWS Support (Business)", "", "", "Dollar", "Dollar", 0};
constexpr DemoService kCloudFront{
    "AmazonCloudFront", "Amazon CloudFront", "", "", "FlatRatePlan", "Month", 0};
constexpr DemoService kSavingsPlans{
    "ComputeSavingsPlans", "Savings Plans for AWS Compute usage", "", "", "ComputeSP", "", 0};
constexpr DemoService kMarketplace{
    "8w4fhx2gq9c0k5b1n7t3d6s", "Log Search \"Pro\", Inc.", "", "", "SoftwareUsage", "Units", 0};

/// 18 decimals with a percentage, as a number without needless zeros.
DemoNumber percentage(Int128 unscaled, int percent) {
  DemoNumber share(unscaled * percent, kDecimalScale + 2);
  while (share.scale > 2 && share.digits % 10 == 0) {
    share.digits /= 10;
    --share.scale;
  }
  return share;
}

}  // namespace

std::int64_t DemoMonth::rows_of_month_end() const {
  std::int64_t rows = 2 + 3 + 3;  // support, flat rate; credits, refund; marketplace
  rows += std::ranges::count_if(payer_.reservations, [&](const auto& made) {
    return active_part(month_, made.start, made.end).hours() > 0;
  });
  const auto accounts = std::ssize(payer_.accounts);
  rows += accounts;  // tax
  if (has_separate_discounts()) {
    rows += 2 + std::ranges::count(payer_.accounts, "USD", &DemoAccount::currency);
  }
  return rows + std::int64_t{3} * (plan_.version - 1);
}

void DemoMonth::month_end() {
  for (std::size_t i = 0; i < payer_.reservations.size(); ++i) {
    const auto& made = payer_.reservations[i];
    if (active_part(month_, made.start, made.end).hours() > 0) reservation_fee(i);
  }
  marketplace();
  const auto services = demo_services();
  single_charge(0, "Fee", kSupport, DemoNumber(random_.between(10'000, 99'999), 2),
                "10% of monthly AWS usage for the first $0-$10K");
  single_charge(1, "FlatRateSubscription", kCloudFront, DemoNumber(1500, 2), "Pro plan, flat rate");
  single_charge(2, "Credit", services[kDemoEc2], DemoNumber(-random_.between(1'000, 99'999), 3),
                "AWS Activate: \"Founders\", 2nd tranche");
  single_charge(payer_.accounts.size() - 1, "Credit", services[1],
                DemoNumber(-random_.between(1, 99'999), 8), "Sub-cent credit");
  refund();
  if (has_separate_discounts()) separate_discounts();
  taxes();
  for (int version = 2; version <= plan_.version; ++version) late_charges();
}

/// In the first month of an overcharge; later of a part of what was paid at once for a plan, which
/// leaves a residual: that is in no month's amortized cost.
void DemoMonth::refund() {
  const DemoNumber amount(-random_.between(100, 9'999), 2);
  if (plan_.is_first) {
    single_charge(1, "Refund", demo_services()[3], amount,
                  "Refund of an overcharge in the month before");
    return;
  }
  const std::string_view arn = payer_.savings_plans[1].arn;
  const std::string id(arn.substr(arn.rfind('/') + 1));
  single_charge(1, "Refund", kSavingsPlans, amount,
                "Refund for one-time fee for Savings Plan ID: " + id);
}

void DemoMonth::single_charge(std::size_t account, std::string_view type,
                              const DemoService& service, const DemoNumber& cost,
                              std::string_view description) {
  const bool is_refund = type == "Refund";  // of something in the month before
  const DemoTime from = is_refund ? month_.begin - std::chrono::hours(120) : month_.begin;
  begin_item(account, type, from, is_refund ? from + std::chrono::hours(24) : month_.end);
  set_service(service, demo_regions()[0]);
  if (is_refund) {
    item_.set(kBillType, "Refund");
    item_.set(kInvoiceId, refund_invoice_);
  }
  if (type.ends_with("Discount")) {
    item_.set(kUnblendedCost, cost);  // the blended cost of a discount is left out
  } else {
    set_cost(cost);
  }
  if (type == "Fee" || type == "FlatRateSubscription") {
    item_.set(kUsageAmount, DemoNumber(1, 0));
    item_.set(kUnblendedRate, cost);
  }
  item_.set(kDescription, description);
  emit();
}

/// Software of others: another billing entity and invoice, no part in AWS's discounts.
void DemoMonth::marketplace() {
  constexpr auto kDescriptions = std::to_array<std::string_view>(
      {"Annual contract for \"Log Search Pro\", 5 seats,\nbilled in advance",
       "0.00417 per unit, overage", "Vendor-metered units"});
  for (std::size_t i = 0; i < kDescriptions.size(); ++i) {
    begin_item(i, i == 0 ? "Fee" : "Usage", month_.begin, month_.end);
    set_service(kMarketplace, demo_regions()[0]);
    item_.set(kBillingEntity, "AWS Marketplace");
    item_.set(kInvoicingEntity, "Log Search, Inc.");
    item_.set(kLegalEntity, "Log Search, Inc.");
    item_.set(kInvoiceId, marketplace_invoice_);
    set_cost(DemoNumber(random_.between(1'000, 999'999), i == 0 ? 2 : 7));
    item_.set(kUsageAmount, DemoNumber(random_.between(1, 500), 0));
    item_.set(kDescription, kDescriptions[i]);
    emit();
  }
}

/// A month in the compatible mode: discounts are rows, not columns.
void DemoMonth::separate_discounts() {
  const auto services = demo_services();
  for (std::size_t i = 0; i < payer_.accounts.size(); ++i) {
    if (payer_.accounts[i].currency != "USD") continue;
    single_charge(i, "EdpDiscount", services[kDemoEc2], percentage(-charged_[i], 10),
                  "Enterprise discount, 10 %");
  }
  single_charge(0, "BundledDiscount", services[5], DemoNumber(-random_.between(1, 9'999'999), 10),
                "Metrics that come with another service");
  single_charge(1, "PrivateRateDiscount", services[6],
                DemoNumber(-random_.between(1, 9'999'999), 8), "Private rate of data transfer");
}

void DemoMonth::taxes() {
  const auto services = demo_services();
  for (std::size_t i = 0; i < payer_.accounts.size(); ++i) {
    const bool is_indian = payer_.accounts[i].currency == "INR";
    const DemoNumber exact = percentage(std::max(charged_[i], Int128{0}), is_indian ? 18 : 8);
    begin_item(i, "Tax", month_.begin, month_.end);
    set_service(services[kDemoEc2], demo_regions()[0]);
    item_.set(kTaxType, is_indian ? "IGST" : i % 2 == 0 ? "USSalesTax" : "VAT");
    set_cost(demo_product(exact, DemoNumber(1, 0), 2));
    item_.set(kDescription, text("Tax for product code {}", services[kDemoEc2].code));
    emit();
  }
}

/// What a later version of a month brings: support by final usage, a credit and a refund.
void DemoMonth::late_charges() {
  const auto services = demo_services();
  single_charge(0, "Fee", kSupport, DemoNumber(late_.between(1'000, 9'999), 2),
                "AWS Support, adjusted to the final usage");
  single_charge(1, "Credit", services[1], DemoNumber(-late_.between(1'000, 99'999), 4),
                "Credit for an outage");
  single_charge(2, "Refund", services[3], DemoNumber(-late_.between(100, 9'999), 2), "Late refund");
}

}  // namespace finops
