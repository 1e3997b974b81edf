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

DemoCosts demo_costs(const DemoLineItem& item) {
  using enum DemoField;
  const auto value = [&](DemoField field) { return item.number(field).rounded(); };
  const std::string_view type = item.text(kLineItemType);
  DemoCosts costs{.unblended = value(kUnblendedCost)};
  if (type == "SavingsPlanCoveredUsage") {
    costs.amortized = value(kSpEffectiveCost);
  } else if (type == "SavingsPlanRecurringFee") {
    costs.amortized = value(kSpTotalCommitment) - value(kSpUsedCommitment);
    costs.true_up = -value(kSpUpfrontForPeriod);
  } else if (type == "SavingsPlanNegation") {
    costs.amortized = 0;
  } else if (type == "DiscountedUsage") {
    costs.amortized = value(kRiEffectiveCost);
  } else if (type == "RIFee") {
    costs.amortized = value(kRiUnusedUpfront) + value(kRiUnusedRecurring);
    costs.true_up = -value(kRiUpfrontForPeriod);
  } else if (type == "SavingsPlanUpfrontFee" ||
             (type == "Fee" && !item.text(kReservationArn).empty())) {
    costs.upfront_fees = costs.unblended;
  } else {
    costs.amortized = costs.unblended;
  }
  return costs;
}

}  // namespace finops
