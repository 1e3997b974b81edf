#pragma once

#include <string>
#include <string_view>

namespace finops {

/// Why a group of lines is in one delivery and not, or otherwise, in another.
enum class LineChangeKind {
  kNew,      // only in the later delivery
  kGone,     // only in the earlier one
  kChanged,  // in both, with other rows, amounts or cost
};
std::string_view to_string(LineChangeKind kind);  // "new"

/// What a change of a bill comes from, as far as its lines tell.
enum class Cause {
  kLateUsage,       // more usage than was billed first
  kWithdrawnUsage,  // less
  kReRating,        // the same usage at another price
  kCredit,
  kRefund,
  kDiscount,
  kSupportFee,
  kTax,
  kCommitment,  // reserved instances and Savings Plans: fees, and what they cover
  kOther,
};
std::string_view to_string(Cause cause);  // "late_usage"

/// What is known of a group of lines that changed.
struct LineFacts {
  std::string_view type;          // lineItem/LineItemType, or ChargeCategory of FOCUS
  std::string_view charge_class;  // FOCUS: "Correction" or nothing
  std::string_view service;
  std::string_view commitment;  // id of the reservation or the Savings Plan; empty: none
  LineChangeKind kind = LineChangeKind::kChanged;
  int amount_sign = 0;  // of amount after - before; of new and gone lines too
  int cost_sign = 0;    // of cost after - before
};

/// By the first rule of docs/commands.md, "diff", that fits.
Cause cause_of(const LineFacts& facts);

}  // namespace finops
