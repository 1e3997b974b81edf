#include "finops/pipeline/cost_change.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

const TimePoint kEndOfMay = sys_days(std::chrono::year(2026) / 6 / 1);
const CostJudgement kJudgement{"line_item_unblended_cost", 15};

Receipt receipt(const std::string& version, const std::map<std::string, std::string>& cost) {
  Receipt one;
  one.id = {"aws_billing_data", "payer-a", "2026-05", version};
  one.source_rows = one.loaded_rows = 10;
  for (const auto& [currency, text] : cost) {
    one.sums[currency]["line_item_unblended_cost"].source = ExactSum::parse(text).value();
    one.sums[currency]["line_item_usage_amount"].source = ExactSum::parse("77").value();
  }
  return one;
}

Receipt with_invoices(Receipt one, const std::string& column, std::uint64_t nulls) {
  one.columns[column].nulls = nulls;
  return one;
}

TEST(CostChangeTest, AMonthIsClosedWhenItIsOverAndInvoicedOrLongOver) {
  const BillingPeriod may(2026, 5);
  const Receipt open = with_invoices(receipt("v1", {}), "bill_invoice_id", 1);
  const Receipt final_one = with_invoices(receipt("v1", {}), "bill_invoice_id", 0);
  const Receipt of_focus = with_invoices(receipt("v1", {}), "InvoiceId", 0);
  const Receipt without = receipt("v1", {});
  Receipt empty = final_one;
  empty.loaded_rows = 0;
  const TimePoint soon = kEndOfMay + days(3);
  EXPECT_FALSE(is_closed(may, final_one, kEndOfMay - Duration(1), 15)) << "not over yet";
  EXPECT_TRUE(is_closed(may, final_one, kEndOfMay, 15));
  EXPECT_TRUE(is_closed(may, of_focus, soon, 15));
  for (const Receipt& one : {open, without, empty}) {
    EXPECT_FALSE(is_closed(may, one, soon, 15));
    EXPECT_FALSE(is_closed(may, one, kEndOfMay + days(15), 15));
    EXPECT_TRUE(is_closed(may, one, kEndOfMay + days(15) + Duration(1), 15));
    EXPECT_TRUE(is_closed(may, one, soon, 2));
  }
}

TEST(CostChangeTest, IsTheDifferenceOfWhatWasDeliveredByEveryCurrencyOfTheTwo) {
  const CostChange change =
      cost_change(receipt("v1", {{"EUR", "1.5"}, {"USD", "10"}}),
                  receipt("v2", {{"CNY", "0.000000000000000001"}, {"USD", "10"}}),
                  kEndOfMay + days(30), kJudgement);
  EXPECT_EQ(change.replaced_version, "v1");
  EXPECT_EQ(change.by_currency.at("CNY").to_string(), "0.000000000000000001");
  EXPECT_EQ(change.by_currency.at("EUR").to_string(), "-1.5");
  EXPECT_EQ(change.by_currency.at("USD").to_string(), "0");
  EXPECT_EQ(change.moved().size(), 2u);
  EXPECT_TRUE(change.has_moved_closed_month());
}

TEST(CostChangeTest, WithoutMoneyOrInAnOpenMonthThereIsNothingToTell) {
  const Receipt one = receipt("v1", {{"USD", "10"}}), other = receipt("v2", {{"USD", "11"}});
  EXPECT_FALSE(cost_change(one, one, kEndOfMay + days(30), kJudgement).has_moved_closed_month());
  EXPECT_FALSE(cost_change(one, other, kEndOfMay + days(3), kJudgement).has_moved_closed_month());
}

TEST(CostChangeTest, TheDeliveryBeforeIsTheOneThatWasCurrent) {
  const auto record = [](const std::string& version, int revision, DeliveryState state) {
    DeliveryRecord one;
    one.id = {"aws_billing_data", "payer-a", "2026-05", version};
    one.revision = revision;
    one.state = state;
    return one;
  };
  using enum DeliveryState;
  const std::vector<DeliveryRecord> records = {
      record("v1", 1, kSuperseded), record("v2", 1, kSuperseded), record("bad", 1, kRefused),
      record("v1", 2, kSuperseded), record("v1", 3, kCurrent)};
  EXPECT_EQ(delivery_before(records, records[0], false), nullptr);
  EXPECT_EQ(delivery_before(records, records[1], false), &records[0]);
  EXPECT_EQ(delivery_before(records, records[3], false), &records[1]);
  EXPECT_EQ(delivery_before(records, records[4], false), &records[3]);
  EXPECT_EQ(delivery_before(records, records[4], true), &records[1]);
}

}  // namespace
}  // namespace finops
