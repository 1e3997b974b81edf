#include "finops/demo/demo_line_item.h"

#include <gtest/gtest.h>

#include "finops/core/error.h"
#include "finops/demo/demo_truth.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using enum DemoField;

DemoLineItem item_of(std::string_view type, int unblended) {
  DemoLineItem item;
  item.set(kLineItemType, type);
  item.set(kUnblendedCost, DemoNumber(unblended, 0));
  item.set(kCurrency, "USD");
  item.set(kProductCode, "AmazonEC2");
  item.set(kUsageAccountId, "000000000001");
  item.set(kUsageStart, "2025-11-30T23:00:00Z");
  return item;
}

std::string amortized(const DemoLineItem& item) {
  return Decimal::from_unscaled(demo_costs(item).amortized).to_string();
}

std::string true_up(const DemoLineItem& item) {
  return Decimal::from_unscaled(demo_costs(item).true_up).to_string();
}

TEST(DemoLineItemTest, SpreadsASavingsPlanOverItsTime) {
  DemoLineItem fee = item_of("SavingsPlanRecurringFee", 6);
  fee.set(kSpTotalCommitment, DemoNumber(10, 0));
  fee.set(kSpUsedCommitment, DemoNumber(7, 0));
  fee.set(kSpUpfrontForPeriod, DemoNumber(4, 0));
  EXPECT_EQ(amortized(fee), "3");
  EXPECT_EQ(true_up(fee), "-4");

  DemoLineItem covered = item_of("SavingsPlanCoveredUsage", 12);
  covered.set(kSpEffectiveCost, DemoNumber(7, 0));
  EXPECT_EQ(amortized(covered), "7");
  EXPECT_EQ(amortized(item_of("SavingsPlanNegation", -12)), "0");

  const DemoCosts upfront = demo_costs(item_of("SavingsPlanUpfrontFee", 4'000));
  EXPECT_EQ(upfront.amortized, 0);
  EXPECT_EQ(upfront.upfront_fees, upfront.unblended);
}

TEST(DemoLineItemTest, SpreadsAReservationOverItsTime) {
  DemoLineItem used = item_of("DiscountedUsage", 0);
  used.set(kRiEffectiveCost, DemoNumber(5, 0));
  EXPECT_EQ(amortized(used), "5");

  DemoLineItem fee = item_of("RIFee", 8);
  fee.set(kRiUnusedUpfront, DemoNumber(1, 0));
  fee.set(kRiUnusedRecurring, DemoNumber(2, 0));
  fee.set(kRiUpfrontForPeriod, DemoNumber(4, 0));
  EXPECT_EQ(amortized(fee), "3");
  EXPECT_EQ(true_up(fee), "-4");
}

TEST(DemoLineItemTest, TellsUpfrontFeesFromOtherFeesByTheReservation) {
  DemoLineItem fee = item_of("Fee", 100);
  EXPECT_EQ(amortized(fee), "100");
  fee.set(kReservationArn, "arn:aws:ec2:us-east-1:1:reserved-instances/a");
  EXPECT_EQ(amortized(fee), "0");
  EXPECT_EQ(demo_costs(fee).upfront_fees, demo_costs(fee).unblended);
}

TEST(DemoLineItemTest, RefusesMoreTextThanItHolds) {
  DemoLineItem item;
  item.keep(std::string(4'000, 'x'));
  EXPECT_EQ(kind_thrown_by([&] { item.keep(std::string(97, 'x')); }), ErrorKind::kInternal);
  EXPECT_EQ(item.keep("short"), "short");
}

TEST(DemoTruthTest, AddsByCurrencyAndNeverAcross) {
  DemoTruth truth;
  truth.add_row(item_of("Usage", 3));
  truth.add_cell(kUnblendedCost, DemoNumber(3, 0));
  DemoLineItem rupees = item_of("Usage", 500);
  rupees.set(kCurrency, "INR");
  truth.add_row(rupees);
  truth.add_cell(kUnblendedCost, DemoNumber(500, 0));
  truth.add_row(item_of("Usage", 4));
  truth.add_cell(kUnblendedCost, DemoNumber(4, 0));
  const auto json = truth.to_json();
  EXPECT_EQ(json["rows"], 3);
  EXPECT_EQ(json["sums"]["USD"]["line_item_unblended_cost"]["sum"], "7");
  EXPECT_EQ(json["sums"]["USD"]["line_item_unblended_cost"]["cells"], 2);
  EXPECT_EQ(json["sums"]["INR"]["line_item_unblended_cost"]["sum"], "500");
  EXPECT_EQ(json["by_account"]["USD"]["000000000001"]["unblended_cost"], "7");
  EXPECT_EQ(json["by_day"]["INR"]["2025-11-30"]["rows"], 1);
}

TEST(DemoTruthTest, CountsRoundedCellsAndKeepsWhatRoundingTook) {
  DemoTruth truth;
  truth.add_row(item_of("Usage", 0));
  truth.add_cell(kSplitCost, DemoNumber(25, 19));
  truth.add_cell(kSplitCost, DemoNumber(35, 19));
  truth.add_cell(kSplitCost, DemoNumber(1, 18));
  const auto column = truth.to_json()["sums"]["USD"]["split_line_item_split_cost"];
  EXPECT_EQ(column["sum"], "0.000000000000000007");  // 2 + 4 + 1
  EXPECT_EQ(column["rounded_cells"], 2);
  EXPECT_EQ(column["rounding_residual"], "0");  // +0.5 and -0.5
}

}  // namespace
}  // namespace finops
