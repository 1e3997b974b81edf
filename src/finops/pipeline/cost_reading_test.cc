#include "finops/pipeline/cost_reading.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "finops/stores/memory/memory_store.h"
#include "finops/stores/object_store.h"
#include "finops/tabular/parquet_writing.h"

namespace finops {
namespace {

/// Cells by column; numbers where the column is one.
using Row = std::map<std::string, std::string>;

const std::set<std::string> kTexts = {"bill_payer_account_id",
                                      "line_item_currency_code",
                                      "line_item_line_item_type",
                                      "line_item_operation",
                                      "line_item_product_code",
                                      "line_item_line_item_description",
                                      "reservation_reservation_a_r_n",
                                      "savings_plan_savings_plan_a_r_n",
                                      "source_file"};
const std::vector<std::string> kGross = {
    "line_item_unblended_cost",
    "savings_plan_savings_plan_effective_cost",
    "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment",
    "savings_plan_amortized_upfront_commitment_for_billing_period",
    "savings_plan_recurring_commitment_for_billing_period",
    "reservation_effective_cost",
    "reservation_amortized_upfront_fee_for_billing_period",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_recurring_fee"};
const std::vector<std::string> kNet = {
    "line_item_net_unblended_cost",
    "savings_plan_net_savings_plan_effective_cost",
    "savings_plan_net_amortized_upfront_commitment_for_billing_period",
    "savings_plan_net_recurring_commitment_for_billing_period",
    "reservation_net_effective_cost",
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation_net_unused_recurring_fee"};

class CostReadingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const auto& name : kTexts) has(name, ColumnType::kText);
    has("source_line", ColumnType::kLong);
    for (const auto& name : kGross) has(name, ColumnType::kDecimal);
  }

  void has(const std::string& name, ColumnType type) {
    columns_.push_back({.name = name,
                        .type = type,
                        .doc = name,
                        .field_id = static_cast<int>(columns_.size()) + 1});
  }
  void has_net_columns() {
    for (const auto& name : kNet) has(name, ColumnType::kDecimal);
  }
  void lacks(const std::string& name) {
    std::erase_if(columns_, [&](const Column& column) { return column.name == name; });
  }

  CellValue cell(const Column& column, const Row& row, std::int64_t line) const {
    if (column.name == "source_line") return line;
    if (column.name == "source_file") return std::string("part-1.csv.gz");
    const auto it = row.find(column.name);
    if (it == row.end()) return {};
    if (column.type == ColumnType::kText) return it->second;
    return Decimal::parse(it->second)->value;
  }

  BillCosts costs_of(const std::vector<Row>& rows) {
    MemoryStore store;
    auto writer = make_parquet_row_writer("bill", store.create("bill"), columns_, {});
    std::int64_t line = 1;
    for (Row row : rows) {
      row.try_emplace("bill_payer_account_id", "012345678901");
      row.try_emplace("line_item_currency_code", "USD");
      row.try_emplace("line_item_product_code", "AmazonEC2");
      CellRow cells;
      ++line;
      for (const auto& column : columns_) cells.push_back(cell(column, row, line));
      writer->append(std::move(cells));
    }
    writer->finish();
    return read_bill_costs({open_random(store, "bill")}, columns_, 2);
  }

  PayerCosts payer_of(const std::vector<Row>& rows) {
    const BillCosts costs = costs_of(rows);
    EXPECT_EQ(costs.payers.size(), 1);
    return costs.payers.at(0);
  }

  /// "unblended amortized true-up upfront"
  std::string gross(const Row& row) {
    const auto costs = payer_of({row});
    return costs.unblended.to_string() + " " + costs.amortized.to_string() + " " +
           costs.true_up.to_string() + " " + costs.upfront_fees.to_string();
  }
  /// "net unblended, net amortized"
  std::string net(const Row& row) {
    const auto costs = payer_of({row});
    return costs.net_unblended.to_string() + " " + costs.net_amortized.to_string();
  }

  std::vector<Column> columns_;
};

Row line(const std::string& type, const std::string& cost, Row more = {}) {
  more["line_item_line_item_type"] = type;
  more["line_item_unblended_cost"] = cost;
  return more;
}
Row of_plan(Row row, const std::string& arn = "arn:sp") {
  row["savings_plan_savings_plan_a_r_n"] = arn;
  return row;
}
Row of_reservation(Row row) {
  row["reservation_reservation_a_r_n"] = "arn:ri";
  return row;
}

const Row kCovered = of_plan(line("SavingsPlanCoveredUsage", "10",
                                  {{"savings_plan_savings_plan_effective_cost", "6"},
                                   {"savings_plan_net_savings_plan_effective_cost", "5.4"},
                                   {"line_item_net_unblended_cost", "9"}}));
const Row kNegated =
    of_plan(line("SavingsPlanNegation", "-10", {{"line_item_net_unblended_cost", "-9"}}));
const Row kRecurring =
    of_plan(line("SavingsPlanRecurringFee", "5",
                 {{"line_item_net_unblended_cost", "4.5"},
                  {"savings_plan_total_commitment_to_date", "8"},
                  {"savings_plan_used_commitment", "6"},
                  {"savings_plan_recurring_commitment_for_billing_period", "5"},
                  {"savings_plan_amortized_upfront_commitment_for_billing_period", "3"},
                  {"savings_plan_net_recurring_commitment_for_billing_period", "4.5"},
                  {"savings_plan_net_amortized_upfront_commitment_for_billing_period", "2.7"}}));
const Row kDiscounted = of_reservation(line("DiscountedUsage", "0",
                                            {{"line_item_net_unblended_cost", "0"},
                                             {"reservation_effective_cost", "25.5"},
                                             {"reservation_net_effective_cost", "22.95"}}));
const Row kReservationFee =
    of_reservation(line("RIFee", "20",
                        {{"line_item_net_unblended_cost", "18"},
                         {"reservation_amortized_upfront_fee_for_billing_period", "9"},
                         {"reservation_unused_amortized_upfront_fee_for_billing_period", "2"},
                         {"reservation_unused_recurring_fee", "1.5"},
                         {"reservation_net_unused_amortized_upfront_fee_for_billing_period", "1.8"},
                         {"reservation_net_unused_recurring_fee", "1.35"}}));

TEST_F(CostReadingTest, GrossCostsByLineItemType) {
  EXPECT_EQ(gross(line("Usage", "1.5")), "1.5 1.5 0 0");
  EXPECT_EQ(gross(kCovered), "10 6 0 0");
  EXPECT_EQ(gross(kNegated), "-10 0 0 0");
  EXPECT_EQ(gross(kRecurring), "5 2 -3 0");
  EXPECT_EQ(gross(of_plan(line("SavingsPlanUpfrontFee", "99"))), "99 0 0 99");
  EXPECT_EQ(gross(kDiscounted), "0 25.5 0 0");
  EXPECT_EQ(gross(kReservationFee), "20 3.5 -9 0");
  EXPECT_EQ(gross(of_reservation(line("Fee", "300"))), "300 0 0 300");
  EXPECT_EQ(gross(line("Fee", "100")), "100 100 0 0");
  for (const char* type : {"Tax", "Credit", "Refund", "EdpDiscount", "BundledDiscount",
                           "FlatRateSubscription", "Something new"}) {
    EXPECT_EQ(gross(line(type, "-2.25")), "-2.25 -2.25 0 0") << type;
  }
}

TEST_F(CostReadingTest, NetCostsByLineItemType) {
  has_net_columns();
  EXPECT_EQ(net(line("Usage", "1.5", {{"line_item_net_unblended_cost", "1.2"}})), "1.2 1.2");
  EXPECT_EQ(net(kCovered), "9 5.4");
  EXPECT_EQ(net(kNegated), "-9 0");
  EXPECT_EQ(net(kRecurring), "4.5 1.8");
  EXPECT_EQ(net(kDiscounted), "0 22.95");
  EXPECT_EQ(net(kReservationFee), "18 3.15");
  EXPECT_EQ(net(of_reservation(line("Fee", "300", {{"line_item_net_unblended_cost", "270"}}))),
            "270 0");
  EXPECT_EQ(net(line("Usage", "1.5")), "0 0");  // delivered, and empty
}

TEST_F(CostReadingTest, WithoutNetColumnsNetIsGross) {
  for (const Row& row : {kCovered, kNegated, kRecurring, kDiscounted, kReservationFee}) {
    const auto costs = payer_of({row});
    EXPECT_EQ(costs.net_unblended, costs.unblended);
    EXPECT_EQ(costs.net_amortized, costs.amortized);
  }
}

TEST_F(CostReadingTest, AMonthOfCommitmentsLeavesNoResidual) {
  const auto costs = payer_of({kCovered, kNegated, kRecurring, kDiscounted, kReservationFee,
                               line("Usage", "7"), line("Tax", "1")});
  EXPECT_EQ(costs.residual().to_string(), "0");
  EXPECT_TRUE(costs.causes.empty());
  EXPECT_EQ(costs.lines, 7);
}

TEST_F(CostReadingTest, NamesTheLinesOfAPlanThatWasNotWhollyNegated) {
  Row less = kNegated;
  less["line_item_unblended_cost"] = "-9.75";
  const auto costs = payer_of({of_plan(kCovered, "arn:sound"), of_plan(kNegated, "arn:sound"),
                               of_plan(kRecurring, "arn:sound"), kCovered, less, kRecurring});
  EXPECT_EQ(costs.residual().to_string(), "0.25");
  ASSERT_EQ(costs.causes.size(), 2);
  EXPECT_EQ(costs.causes[0].line_item_type, "SavingsPlanCoveredUsage");
  EXPECT_EQ(costs.causes[0].reason, ResidualReason::kNegationDiffers);
  EXPECT_EQ(costs.causes[0].lines, 1);
  EXPECT_EQ(costs.causes[0].amount.to_string(), "10");
  ASSERT_EQ(costs.causes[0].first.size(), 1);
  EXPECT_EQ(costs.causes[0].first[0].file, "part-1.csv.gz");
  EXPECT_EQ(costs.causes[0].first[0].line, 5);
  EXPECT_EQ(costs.causes[1].line_item_type, "SavingsPlanNegation");
  EXPECT_EQ(costs.causes[1].amount.to_string(), "-9.75");
}

TEST_F(CostReadingTest, EachReasonOfAResidualIsNamed) {
  const auto reason = [&](const std::vector<Row>& rows) {
    const auto costs = payer_of(rows);
    ExactSum sum;
    for (const auto& cause : costs.causes) sum.add(cause.amount);
    EXPECT_EQ(sum, costs.residual());
    EXPECT_FALSE(costs.causes.empty());
    return costs.causes.empty() ? "" : std::string(to_string(costs.causes[0].reason));
  };
  EXPECT_EQ(reason({kCovered, kNegated}), "used_part_differs");
  Row recurring = kRecurring;
  recurring["savings_plan_total_commitment_to_date"] = "8.5";
  EXPECT_EQ(reason({kCovered, kNegated, recurring}), "commitment_differs");
  EXPECT_EQ(reason({kDiscounted}), "reservation_differs");
  EXPECT_EQ(reason({line("Refund", "-99",
                         {{"line_item_product_code", "ComputeSavingsPlans"},
                          {"line_item_line_item_description",
                           "Refund for one-time fee for Savings Plan ID: 1"}})}),
            "upfront_refunded");
  lacks("savings_plan_used_commitment");
  EXPECT_EQ(reason({kCovered, kNegated, kRecurring}), "missing_columns");
  EXPECT_EQ(costs_of({kCovered}).missing_columns,
            std::vector<std::string>{"savings_plan_used_commitment"});
}

TEST_F(CostReadingTest, FirstLinesAreFew) {
  const auto costs = payer_of(std::vector<Row>(50, kDiscounted));
  ASSERT_EQ(costs.causes.size(), 1);
  EXPECT_EQ(costs.causes[0].lines, 50);
  ASSERT_EQ(costs.causes[0].first.size(), 3);
  EXPECT_EQ(costs.causes[0].first[2].line, 4);
}

TEST_F(CostReadingTest, PayersAndCurrenciesAreNeverAdded) {
  const auto costs =
      costs_of({line("Usage", "1"), line("Usage", "2", {{"line_item_currency_code", "INR"}}),
                line("Usage", "4", {{"bill_payer_account_id", "000000000007"}})});
  ASSERT_EQ(costs.payers.size(), 3);
  EXPECT_EQ(costs.payers[0].payer, "000000000007");
  EXPECT_EQ(costs.payers[1].currency, "INR");
  EXPECT_EQ(costs.payers[2].amortized.to_string(), "1");
}

TEST_F(CostReadingTest, SplitCostRowsAreCountedApart) {
  const auto costs =
      payer_of({line("Usage", "1"), line("Usage", "5", {{"line_item_operation", "EKSPod-EC2"}}),
                line("Usage", "6", {{"line_item_operation", "ECSTask-EC2"}}),
                line("Usage", "2", {{"line_item_operation", "RunInstances"}})});
  EXPECT_EQ(costs.unblended.to_string(), "3");
  EXPECT_EQ(costs.lines, 2);
  EXPECT_EQ(costs.split_lines, 2);
  EXPECT_EQ(costs.split_unblended.to_string(), "11");
}

TEST_F(CostReadingTest, ADeliveryWithoutRowsOrWithoutAPayerIsDefined) {
  EXPECT_TRUE(costs_of({}).payers.empty());
  EXPECT_EQ(costs_of({}).service_totals, "");
  EXPECT_TRUE(read_bill_costs({}, columns_, 1).payers.empty());
  lacks("bill_payer_account_id");
  const auto costs = payer_of({line("Usage", "1")});
  EXPECT_EQ(costs.payer, "");
  EXPECT_EQ(costs.amortized.to_string(), "1");
}

TEST_F(CostReadingTest, ServiceTotalsDependOnCostsByServiceAndNothingElse) {
  const auto totals = [&](const std::vector<Row>& rows) { return costs_of(rows).service_totals; };
  const std::string one =
      totals({line("Usage", "3"), line("Usage", "0", {{"line_item_product_code", "AmazonS3"}})});
  EXPECT_EQ(one.size(), 64);
  EXPECT_EQ(totals({line("Usage", "1"), line("Tax", "2")}), one);
  EXPECT_NE(totals({line("Usage", "3.000000000000000001")}), one);
  EXPECT_NE(totals({line("Usage", "3", {{"line_item_currency_code", "EUR"}})}), one);
  EXPECT_NE(totals({line("Usage", "3", {{"line_item_product_code", "AmazonS3"}})}), one);
  EXPECT_EQ(totals({line("Usage", "3"), line("Credit", "-3")}), "");
}

TEST(DiscountedUnusedTest, IsProportionalToTheNetCommitment) {
  const auto of = [](const char* unused, const char* commitment, const char* net) {
    const auto number = [](const char* text) { return Decimal::parse(text)->value.unscaled(); };
    return Decimal::from_unscaled(
               discounted_unused(number(unused), number(commitment), number(net)))
        .to_string();
  };
  EXPECT_EQ(of("2", "8", "7.2"), "1.8");
  EXPECT_EQ(of("-2", "8", "7.2"), "-1.8");
  EXPECT_EQ(of("2", "3", "1"), "0.666666666");
  EXPECT_EQ(of("0.000000000000000001", "2", "1"), "0.000000000000000001");
  EXPECT_EQ(of("2", "0", "0"), "2");
  EXPECT_EQ(of("2", "1", "1.1"), "2");
  EXPECT_EQ(of("2", "1", "-1"), "2");
  EXPECT_EQ(of("99999999999", "99999999999", "99999999999"), "99999999999");
  EXPECT_EQ(of("100000000000", "8", "7.2"), "100000000000");
}

TEST(BillCostsTest, JsonKeepsEverything) {
  BillCosts costs;
  PayerCosts payer;
  payer.payer = "012345678901";
  payer.currency = "USD";
  payer.lines = 4;
  payer.unblended = *ExactSum::parse("-9.5");
  payer.causes.push_back(
      {"Refund", ResidualReason::kUpfrontRefunded, 1, *ExactSum::parse("-9.5"), {{"a.csv.gz", 7}}});
  costs.payers.push_back(payer);
  costs.missing_columns = {"x"};
  costs.service_totals = "abc";
  EXPECT_EQ(costs_to_json(costs_from_json(costs_to_json(costs))), costs_to_json(costs));
  EXPECT_EQ(costs_from_json(costs_to_json(costs)).payers[0].causes[0].first[0].line, 7);
}

}  // namespace
}  // namespace finops
