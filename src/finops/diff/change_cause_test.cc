#include "finops/diff/change_cause.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

using enum LineChangeKind;

LineFacts facts(std::string_view type, LineChangeKind kind = kNew, int amount = 1, int cost = 1) {
  return {.type = type,
          .charge_class = {},
          .service = "AmazonEC2",
          .commitment = {},
          .kind = kind,
          .amount_sign = amount,
          .cost_sign = cost};
}

TEST(ChangeCauseTest, UsageIsLateWithdrawnOrRatedAnew) {
  EXPECT_EQ(cause_of(facts("Usage", kNew)), Cause::kLateUsage);
  EXPECT_EQ(cause_of(facts("Usage", kChanged, 1, 1)), Cause::kLateUsage);
  EXPECT_EQ(cause_of(facts("Usage", kGone, -1, -1)), Cause::kWithdrawnUsage);
  EXPECT_EQ(cause_of(facts("Usage", kChanged, -1, 1)), Cause::kWithdrawnUsage);
  EXPECT_EQ(cause_of(facts("Usage", kChanged, 0, -1)), Cause::kReRating);
  EXPECT_EQ(cause_of(facts("Usage", kChanged, 0, 0)), Cause::kOther) << "rows split or joined";
}

TEST(ChangeCauseTest, TheTypeOfALineNamesItsCauseWhateverHappenedToIt) {
  for (const auto kind : {kNew, kGone, kChanged}) {
    EXPECT_EQ(cause_of(facts("Tax", kind)), Cause::kTax);
    EXPECT_EQ(cause_of(facts("Credit", kind)), Cause::kCredit);
    EXPECT_EQ(cause_of(facts("Refund", kind)), Cause::kRefund);
    for (const char* type : {"Discount", "EdpDiscount", "PrivateRateDiscount", "BundledDiscount",
                             "SppDiscount", "RiVolumeDiscount"}) {
      EXPECT_EQ(cause_of(facts(type, kind)), Cause::kDiscount) << type;
    }
    for (const char* type :
         {"RIFee", "DiscountedUsage", "SavingsPlanUpfrontFee", "SavingsPlanRecurringFee",
          "SavingsPlanCoveredUsage", "SavingsPlanNegation"}) {
      EXPECT_EQ(cause_of(facts(type, kind)), Cause::kCommitment) << type;
    }
    EXPECT_EQ(cause_of(facts("Fee", kind)), Cause::kOther);
    EXPECT_EQ(cause_of(facts("", kind)), Cause::kOther);
    EXPECT_EQ(cause_of(facts("SomethingNew", kind)), Cause::kOther);
  }
}

TEST(ChangeCauseTest, SupportAndCommitmentsAreToldByWhatTheyAreOf) {
  LineFacts support = facts("Fee");
  support.service = "AWSSupportBusiness";
  EXPECT_EQ(cause_of(support), Cause::kSupportFee);
  support.type = "Usage";
  EXPECT_EQ(cause_of(support), Cause::kSupportFee);
  support.type = "Tax";
  EXPECT_EQ(cause_of(support), Cause::kTax);
  support.type = "Credit";
  EXPECT_EQ(cause_of(support), Cause::kCredit);
  LineFacts upfront = facts("Fee");
  upfront.commitment = "arn:aws:ec2:us-east-1:1:reserved-instances/x";
  EXPECT_EQ(cause_of(upfront), Cause::kCommitment);
}

TEST(ChangeCauseTest, FocusNamesRefundsByTheirClass) {
  LineFacts correction = facts("Usage", kNew, -1, -1);
  correction.charge_class = "Correction";
  EXPECT_EQ(cause_of(correction), Cause::kRefund);
  correction.cost_sign = 1;
  EXPECT_EQ(cause_of(correction), Cause::kLateUsage);
  LineFacts purchase = facts("Purchase");
  EXPECT_EQ(cause_of(purchase), Cause::kOther);
  purchase.commitment = "arn";
  EXPECT_EQ(cause_of(purchase), Cause::kCommitment);
}

}  // namespace
}  // namespace finops
