#include "finops/diff/change_cause.h"

namespace finops {
namespace {

/// Line items that carry their money by a commitment: AWS's user guide of the Cost and Usage
/// Report, "Line item details".
bool is_of_commitment(const LineFacts& facts) {
  const std::string_view type = facts.type;
  return type.starts_with("SavingsPlan") || type == "RIFee" || type == "DiscountedUsage" ||
         ((type == "Fee" || type == "Usage" || type == "Purchase") && !facts.commitment.empty());
}

/// "AWSSupportBusiness", "AWSDeveloperSupport", "OCBPremiumSupport", "AWS Support (Enterprise)". As
/// a line of usage or as a fee.
bool is_support_fee(const LineFacts& facts) {
  const bool may_be = facts.type == "Fee" || facts.type == "Usage" || facts.type == "Purchase" ||
                      facts.type.empty();
  return may_be && facts.service.find("Support") != std::string_view::npos;
}

Cause cause_of_usage(const LineFacts& facts) {
  if (facts.kind == LineChangeKind::kNew) return Cause::kLateUsage;
  if (facts.kind == LineChangeKind::kGone) return Cause::kWithdrawnUsage;
  if (facts.amount_sign != 0) {
    return facts.amount_sign > 0 ? Cause::kLateUsage : Cause::kWithdrawnUsage;
  }
  return facts.cost_sign != 0 ? Cause::kReRating : Cause::kOther;
}

}  // namespace

std::string_view to_string(LineChangeKind kind) {
  switch (kind) {
    case LineChangeKind::kNew: return "new";
    case LineChangeKind::kGone: return "gone";
    case LineChangeKind::kChanged: return "changed";
  }
  return "changed";
}

std::string_view to_string(Cause cause) {
  switch (cause) {
    case Cause::kLateUsage: return "late_usage";
    case Cause::kWithdrawnUsage: return "withdrawn_usage";
    case Cause::kReRating: return "re_rating";
    case Cause::kCredit: return "credit";
    case Cause::kRefund: return "refund";
    case Cause::kDiscount: return "discount";
    case Cause::kSupportFee: return "support_fee";
    case Cause::kTax: return "tax";
    case Cause::kCommitment: return "commitment";
    case Cause::kOther: return "other";
  }
  return "other";
}

Cause cause_of(const LineFacts& facts) {
  if (facts.type == "Tax") return Cause::kTax;
  if (facts.type == "Refund") return Cause::kRefund;
  if (facts.charge_class == "Correction" && facts.cost_sign < 0) return Cause::kRefund;
  if (facts.type == "Credit") return Cause::kCredit;
  if (facts.type.ends_with("Discount")) return Cause::kDiscount;
  if (is_support_fee(facts)) return Cause::kSupportFee;
  if (is_of_commitment(facts)) return Cause::kCommitment;
  return facts.type == "Usage" ? cause_of_usage(facts) : Cause::kOther;
}

}  // namespace finops
