#include "finops/demo/demo_line_item.h"

#include <algorithm>

#include "finops/core/error.h"

namespace finops {

void DemoLineItem::clear() {
  texts_.fill({});
  numbers_.fill({});
  kept_size_ = 0;
}

std::string_view DemoLineItem::keep(std::string_view text) {
  if (text.size() > kept_.size() - kept_size_) {
    throw Error(ErrorKind::kInternal, "a line item of the demo holds more text than there is room");
  }
  char* begin = kept_.data() + kept_size_;
  std::ranges::copy(text, begin);
  kept_size_ += text.size();
  return {begin, text.size()};
}

namespace {

using enum DemoField;

bool is_refund_of_upfront(const DemoLineItem& item) {
  return item.text(kLineItemType) == "Refund" &&
         item.text(kDescription).starts_with("Refund for one-time fee for Savings Plan ID");
}

/// The contract takes nothing or 10 % off what is committed.
Int128 net_unused_commitment(const DemoLineItem& item) {
  const auto value = [&](DemoField field) { return item.number(field).rounded(); };
  const Int128 unused = value(kSpTotalCommitment) - value(kSpUsedCommitment);
  if (item.number(kNetSpRecurringForPeriod).is_empty) return unused;
  const Int128 gross = value(kSpUpfrontForPeriod) + value(kSpRecurringForPeriod);
  const Int128 net = value(kNetSpUpfrontForPeriod) + value(kNetSpRecurringForPeriod);
  if (net == gross) return unused;
  if (net * 10 == gross * 9 && unused * 9 % 10 == 0) return unused * 9 / 10;
  throw Error(ErrorKind::kInternal, "a commitment of the demo has an unknown discount");
}

}  // namespace

bool is_split_row(const DemoLineItem& item) { return item.text(kOperation) == "EKSPod-EC2"; }

DemoCosts demo_costs(const DemoLineItem& item) {
  const auto value = [&](DemoField field) { return item.number(field).rounded(); };
  const auto net = [&](DemoField field, DemoField gross) {
    return value(item.number(field).is_empty ? gross : field);
  };
  const std::string_view type = item.text(kLineItemType);
  DemoCosts costs{.unblended = value(kUnblendedCost)};
  costs.net_unblended = net(kNetUnblendedCost, kUnblendedCost);
  if (type == "SavingsPlanCoveredUsage") {
    costs.amortized = value(kSpEffectiveCost);
    costs.net_amortized = net(kNetSpEffectiveCost, kSpEffectiveCost);
  } else if (type == "SavingsPlanRecurringFee") {
    costs.amortized = value(kSpTotalCommitment) - value(kSpUsedCommitment);
    costs.net_amortized = net_unused_commitment(item);
    costs.true_up = -value(kSpUpfrontForPeriod);
  } else if (type == "DiscountedUsage") {
    costs.amortized = value(kRiEffectiveCost);
    costs.net_amortized = net(kNetRiEffectiveCost, kRiEffectiveCost);
  } else if (type == "RIFee") {
    costs.amortized = value(kRiUnusedUpfront) + value(kRiUnusedRecurring);
    costs.net_amortized =
        net(kNetRiUnusedUpfront, kRiUnusedUpfront) + net(kNetRiUnusedRecurring, kRiUnusedRecurring);
    costs.true_up = -value(kRiUpfrontForPeriod);
  } else if (type == "SavingsPlanUpfrontFee" ||
             (type == "Fee" && !item.text(kReservationArn).empty())) {
    costs.upfront_fees = costs.unblended;
  } else if (type != "SavingsPlanNegation" && !is_refund_of_upfront(item)) {
    costs.amortized = costs.unblended;
    costs.net_amortized = costs.net_unblended;
  }
  return costs;
}

}  // namespace finops
