#include <array>

#include "finops/demo/demo_month.h"

namespace finops {
namespace {

using enum DemoField;

constexpr int kScale = 10;

DemoNumber money(Int128 units) { return {units, kScale}; }

std::int64_t hours_between(DemoTime from, DemoTime to) {
  return std::chrono::duration_cast<std::chrono::hours>(to - from).count();
}

}  // namespace

/// What was paid at once for commitments that start in this month. The usage dates of such a row
/// are those of the whole term.
void DemoMonth::upfront_fees() {
  const auto services = demo_services();
  const auto starts_now = [&](DemoTime start) {
    return start >= month_.begin && start < month_.end;
  };
  for (const auto& plan : payer_.savings_plans) {
    if (plan.upfront_per_hour == 0 || !starts_now(plan.start)) continue;
    begin_item(plan.account, "SavingsPlanUpfrontFee", plan.start, plan.end);
    item_.set(kProductCode, "ComputeSavingsPlans");
    item_.set(kInvoiceId, purchase_invoice_);
    item_.set(kBillType, "Purchase");
    set_savings_plan(plan);
    set_cost(money(Int128{plan.upfront_per_hour} * hours_between(plan.start, plan.end)));
    item_.set(kUsageAmount, DemoNumber(1, 0));
    item_.set(kDescription,
              text("{} one time fee for Savings Plan, {}", plan.payment_option, plan.arn));
    emit();
  }
  for (const auto& made : payer_.reservations) {
    if (made.upfront_per_hour == 0 || !starts_now(made.start)) continue;
    begin_item(made.account, "Fee", made.start, made.end);
    set_service(services[kDemoEc2], *made.region);
    item_.set(kInvoiceId, purchase_invoice_);
    item_.set(kBillType, "Purchase");
    set_reservation(made);
    const Int128 fee =
        Int128{made.upfront_per_hour} * made.count * hours_between(made.start, made.end);
    set_cost(money(fee));
    item_.set(kRiUpfrontValue, money(fee));
    item_.set(kUsageAmount, DemoNumber(made.count, 0));
    item_.set(kDescription, text("Sign up charge for subscription: {}", made.subscription_id));
    emit();
  }
}

void DemoMonth::set_savings_plan(const DemoSavingsPlan& plan) {
  item_.set(kSavingsPlanArn, plan.arn);
  item_.set(kSavingsPlanStart, item_.keep(demo_time_text(plan.start)));
  item_.set(kSavingsPlanEnd, item_.keep(demo_time_text(plan.end)));
  item_.set(kInstanceTypeFamily, plan.family);
  item_.set(kOfferingType, plan.offering_type);
  item_.set(kPaymentOption, plan.payment_option);
  item_.set(kPurchaseTerm, hours_between(plan.start, plan.end) > 24 * 400 ? "3yr" : "1yr");
  item_.set(kSavingsPlanRegion, plan.region);
}

/// One charging interval of one plan: the commitment, the usage that it covered at on-demand
/// prices, and the negation of those prices, one for two covered rows.
void DemoMonth::savings_plan(const DemoSavingsPlan& plan, const Slot& whole) {
  const Slot slot = active_part(whole, plan.start, plan.end);
  if (slot.hours() == 0) return;
  const Int128 upfront = Int128{plan.upfront_per_hour} * slot.hours();
  const Int128 recurring = Int128{plan.recurring_per_hour} * slot.hours();
  const Int128 used =
      (upfront + recurring) * (random_.one_in(6) ? 1000 : random_.between(700, 999)) / 1000;
  const Int128 quarter = used / 4;
  for (const Int128 last : {quarter, used - 3 * quarter}) {
    const DemoNumber covered = covered_usage(plan, slot, quarter) + covered_usage(plan, slot, last);
    savings_plan_negation(plan, slot, -covered);
  }
  begin_item(plan.account, "SavingsPlanRecurringFee", slot.begin, slot.end);
  item_.set(kProductCode, "ComputeSavingsPlans");
  item_.set(kUsageType, plan.offering_type);
  set_savings_plan(plan);
  set_cost(money(recurring));
  item_.set(kUsageAmount, DemoNumber(slot.hours(), 0));
  item_.set(kSpUpfrontForPeriod, money(upfront));
  item_.set(kSpRecurringForPeriod, money(recurring));
  item_.set(kSpTotalCommitment, money(upfront + recurring));
  item_.set(kSpUsedCommitment, money(used));
  item_.set(kDescription, text("{} {} {} Savings Plan", item_.text(kPurchaseTerm),
                               plan.payment_option, plan.offering_type));
  emit();
}

DemoNumber DemoMonth::covered_usage(const DemoSavingsPlan& plan, const Slot& slot,
                                    Int128 effective) {
  const std::size_t account = random_.below(3);
  begin_item(account, "SavingsPlanCoveredUsage", slot.begin, slot.end);
  const auto services = demo_services();
  set_service(services[kDemoEc2], demo_regions()[0]);
  set_savings_plan(plan);
  const DemoNumber cost = money(effective).times(139, 2);
  set_cost(cost);
  item_.set(kPublicOnDemandCost, cost);
  item_.set(kUnblendedRate, DemoNumber(960'000'000, kScale));
  item_.set(kUsageAmount, demo_product(cost, DemoNumber(104166667, 7), 10));
  item_.set(kSpEffectiveCost, money(effective));
  item_.set(kSpRate, DemoNumber(690'647'482, kScale));
  item_.set(kResourceId, text("i-0{:016x}", DemoRandom::mix(payer_.seed + random_.below(99))));
  item_.set(kDescription, "$0.096 per On Demand Linux m5.large Instance Hour");
  set_tags();
  emit();
  return cost;
}

void DemoMonth::savings_plan_negation(const DemoSavingsPlan& plan, const Slot& slot,
                                      const DemoNumber& cost) {
  begin_item(plan.account, "SavingsPlanNegation", slot.begin, slot.end);
  const auto services = demo_services();
  set_service(services[kDemoEc2], demo_regions()[0]);
  set_savings_plan(plan);
  set_cost(cost);
  item_.set(kUsageAmount, demo_product(-cost, DemoNumber(104166667, 7), 10));
  item_.set(kDescription, text("SavingsPlanNegation used by AccountId : {}", payer_.account_id));
  emit();
}

void DemoMonth::set_reservation(const DemoReservation& made) {
  item_.set(kReservationArn, made.arn);
  item_.set(kReservationStart, item_.keep(demo_time_text(made.start)));
  item_.set(kReservationEnd, item_.keep(demo_time_text(made.end)));
  item_.set(kReservationZone, made.region->code);
  item_.set(kModificationStatus, "Original");
  item_.set(kSubscriptionId, made.subscription_id);
  item_.set(kNumberOfReservations, text("{}", made.count));
  item_.set(kUnitsPerReservation, "1");
  item_.set(kTotalReservedUnits, text("{}", made.count * hours_between(month_.begin, month_.end)));
  item_.set(kInstanceType, made.instance_type);
  item_.set(kUsageType, text("{}-BoxUsage:{}", made.region->prefix, made.instance_type));
  item_.set(kProductUsageType, item_.text(kUsageType));
  item_.set(kLeaseContractLength, hours_between(made.start, made.end) > 24 * 400 ? "3yr" : "1yr");
  item_.set(kOfferingClass, "standard");
  item_.set(kPurchaseOption, made.payment_option);
  item_.set(kTerm, "Reserved");
}

/// The used instance hours of one interval, in two rows as with size-flexible reservations.
void DemoMonth::reservation(std::size_t index, const Slot& whole) {
  const DemoReservation& made = payer_.reservations[index];
  const Slot slot = active_part(whole, made.start, made.end);
  const std::int64_t used = slot.hours() * made.count * random_.between(60, 100) / 100;
  if (used == 0) return;
  reserved_used_[index] += used;
  if (used > 1) discounted_usage(made, slot, used / 2);
  discounted_usage(made, slot, used - used / 2);
}

void DemoMonth::discounted_usage(const DemoReservation& made, const Slot& slot,
                                 std::int64_t hours) {
  begin_item(made.account, "DiscountedUsage", slot.begin, slot.end);
  const auto services = demo_services();
  set_service(services[kDemoEc2], *made.region);
  set_reservation(made);
  set_cost(money(0));
  item_.set(kUsageAmount, DemoNumber(hours, 0));
  item_.set(kNormalizationFactor, DemoNumber(40, 1));
  item_.set(kNormalizedUsageAmount, DemoNumber(Int128{hours} * 40, 1));
  item_.set(kUnblendedRate, money(0));
  item_.set(kPublicOnDemandCost, money(Int128{made.on_demand_per_hour} * hours));
  item_.set(kPublicOnDemandRate, money(made.on_demand_per_hour));
  const Int128 upfront = Int128{made.upfront_per_hour} * hours;
  const Int128 recurring = Int128{made.recurring_per_hour} * hours;
  item_.set(kRiUpfrontForUsage, money(upfront));
  item_.set(kRiRecurringForUsage, money(recurring));
  item_.set(kRiEffectiveCost, money(upfront + recurring));
  item_.set(kResourceId, text("i-0{:016x}", DemoRandom::mix(payer_.seed + random_.below(99))));
  item_.set(kDescription,
            text("{}, {} reserved instance applied", made.payment_option, made.instance_type));
  set_tags();
  emit();
}

/// The month's fee, there even when it is 0, which also says what was not used.
void DemoMonth::reservation_fee(std::size_t index) {
  const DemoReservation& made = payer_.reservations[index];
  const Slot slot = active_part(month_, made.start, made.end);
  const std::int64_t total = slot.hours() * made.count, unused = total - reserved_used_[index];
  begin_item(made.account, "RIFee", slot.begin, slot.end);
  const auto services = demo_services();
  set_service(services[kDemoEc2], *made.region);
  set_reservation(made);
  set_cost(money(Int128{made.recurring_per_hour} * total));
  item_.set(kUsageAmount, DemoNumber(total, 0));
  item_.set(kUnblendedRate, money(made.recurring_per_hour));
  item_.set(kRiUpfrontForPeriod, money(Int128{made.upfront_per_hour} * total));
  item_.set(kRiUnusedUpfront, money(Int128{made.upfront_per_hour} * unused));
  item_.set(kRiUnusedRecurring, money(Int128{made.recurring_per_hour} * unused));
  item_.set(kRiUnusedQuantity, DemoNumber(unused, 0));
  item_.set(kRiUnusedNormalizedUnits, DemoNumber(Int128{unused} * 40, 1));
  item_.set(kRiUpfrontValue, money(Int128{made.upfront_per_hour} * made.count *
                                   hours_between(made.start, made.end)));
  item_.set(kDescription, text("Hourly fee per {} instance", made.instance_type));
  emit();
}

}  // namespace finops
