#include "finops/engines/duckdb/costs_view_sql.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "finops/engines/duckdb/duckdb_engine.h"
#include "finops/engines/duckdb/duckdb_test_tables.h"
#include "tests/support/temp_folder.h"

namespace finops {
namespace {

/// A bill of a few cells for each row, in a lake of one table and its ledger.
class CostsViewSqlTest : public ::testing::Test {
 protected:
  using Row = std::map<std::string, std::string>;  // SQL of the cells that are not NULL

  void table_has(const std::string& name, ColumnType type) {
    columns_.push_back(column(static_cast<int>(columns_.size()) + 1, name, type));
  }
  void table_has_amounts(const std::vector<std::string>& names) {
    for (const auto& name : names) table_has(name, ColumnType::kDecimal);
  }

  void SetUp() override {
    for (const char* name : {"source", "billing_period", "execution_id", "line_item_line_item_type",
                             "line_item_product_code", "line_item_line_item_description",
                             "line_item_operation", "line_item_usage_type",
                             "reservation_reservation_a_r_n", "savings_plan_savings_plan_a_r_n"}) {
      table_has(name, ColumnType::kText);
    }
    table_has_amounts({"line_item_unblended_cost", "pricing_public_on_demand_cost",
                       "line_item_usage_amount", "savings_plan_savings_plan_effective_cost",
                       "savings_plan_total_commitment_to_date", "savings_plan_used_commitment",
                       "savings_plan_amortized_upfront_commitment_for_billing_period",
                       "savings_plan_recurring_commitment_for_billing_period",
                       "reservation_effective_cost",
                       "reservation_amortized_upfront_fee_for_billing_period",
                       "reservation_unused_amortized_upfront_fee_for_billing_period",
                       "reservation_unused_recurring_fee"});
  }

  void table_has_net_columns() {
    table_has_amounts({"line_item_net_unblended_cost",
                       "savings_plan_net_savings_plan_effective_cost",
                       "savings_plan_net_amortized_upfront_commitment_for_billing_period",
                       "savings_plan_net_recurring_commitment_for_billing_period",
                       "reservation_net_effective_cost",
                       "reservation_net_unused_amortized_upfront_fee_for_billing_period",
                       "reservation_net_unused_recurring_fee"});
  }

  /// Rows of the delivery "v1" unless a row says something else.
  std::string bill_of(const std::vector<Row>& rows) {
    std::string select, ids;
    for (Row row : rows) {
      row.try_emplace("source", "'payer'");
      row.try_emplace("billing_period", "'2026-05'");
      row.try_emplace("execution_id", "'v1'");
      select += select.empty() ? "SELECT " : " UNION ALL SELECT ";
      for (const Column& one : columns_) {
        const auto cell = row.find(one.name);
        select += (cell == row.end() ? "NULL" : cell->second) + "::" + sql_type(one.type) +
                  " AS \"" + one.name + "\", ";
      }
    }
    for (const Column& one : columns_) {
      ids += (ids.empty() ? "{" : ", ") + ("\"" + one.name + "\": ");
      const std::string id = std::to_string(one.field_id);
      ids += is_map(one.type)
                 ? "{__duckdb_field_id: " + id + ", key: 1" + id + "01, value: 1" + id + "02}"
                 : id;
    }
    const std::string path = folder_ / "bill.parquet";
    write_parquet(path, select, ids + "}");
    return path;
  }

  static std::string sql_type(ColumnType type) {
    switch (type) {
      case ColumnType::kDecimal: return "DECIMAL(38,18)";
      case ColumnType::kTextMap: return "MAP(VARCHAR, VARCHAR)";
      case ColumnType::kLong: return "BIGINT";
      default: return "VARCHAR";
    }
  }

  /// The ledger's record of a delivery with these columns: JSON as the ledger writes it.
  void delivered(const std::string& execution_id, const std::vector<std::string>& columns,
                 const std::string& state = "current", int revision = 1) {
    std::string json;
    for (const auto& name : columns)
      json += (json.empty() ? "[" : ",") + ("[\"x\",\"" + name + "\"]");
    ledger_ += (ledger_.empty() ? "SELECT " : " UNION ALL SELECT ") +
               ("'bill' AS \"table\", 'payer' AS source, '2026-05' AS billing_period, '" +
                execution_id + "' AS execution_id, " + std::to_string(revision) +
                "::BIGINT AS revision, '" + state + "' AS state, '" + json + "]' AS columns");
  }

  std::string costs(const std::vector<Row>& rows, const std::string& select) {
    std::vector<lake::TableView> tables = {table_of("bill", columns_, {"file://" + bill_of(rows)})};
    if (!ledger_.empty()) {
      const std::string path = folder_ / "ledger.parquet";
      write_parquet(path, ledger_,
                    "{\"table\": 1, source: 2, billing_period: 3, execution_id: 4, revision: 5, "
                    "state: 6, columns: 7}");
      tables.push_back(
          table_of("deliveries",
                   {column(1, "table"), column(2, "source"), column(3, "billing_period"),
                    column(4, "execution_id"), column(5, "revision", ColumnType::kLong),
                    column(6, "state"), column(7, "columns")},
                   {"file://" + path}));
    }
    const auto engine = make_duckdb_engine(tables, {});
    return rows_of(*engine, "SELECT " + select + " FROM bill_costs");
  }

  /// One row's unblended, amortized, true-up and upfront fees, without zeros at the end.
  std::string gross(const Row& row) {
    return costs({row},
                 "unblended_cost::DOUBLE, amortized_cost::DOUBLE, ri_sp_trueup::DOUBLE, "
                 "ri_sp_upfront_fees::DOUBLE");
  }
  std::string net(const Row& row) {
    return costs({row}, "net_unblended_cost::DOUBLE, net_amortized_cost::DOUBLE");
  }

  const TempFolder folder_;
  std::vector<Column> columns_;
  std::string ledger_;
};

const std::string kType = "line_item_line_item_type";
const std::string kCost = "line_item_unblended_cost";
const std::string kNetCost = "line_item_net_unblended_cost";
const std::string kReservation = "reservation_reservation_a_r_n";
const std::string kPlan = "savings_plan_savings_plan_a_r_n";

const std::map<std::string, std::string> kCoveredUsage = {
    {kType, "'SavingsPlanCoveredUsage'"},
    {kCost, "10"},
    {kPlan, "'arn:sp'"},
    {"savings_plan_savings_plan_effective_cost", "7"},
    {"savings_plan_net_savings_plan_effective_cost", "6.3"}};
const std::map<std::string, std::string> kRecurringFee = {
    {kType, "'SavingsPlanRecurringFee'"},
    {kCost, "5"},
    {kNetCost, "4.5"},
    {kPlan, "'arn:sp'"},
    {"savings_plan_total_commitment_to_date", "8"},
    {"savings_plan_used_commitment", "6"},
    {"savings_plan_recurring_commitment_for_billing_period", "5"},
    {"savings_plan_amortized_upfront_commitment_for_billing_period", "3"},
    {"savings_plan_net_recurring_commitment_for_billing_period", "4.5"},
    {"savings_plan_net_amortized_upfront_commitment_for_billing_period", "2.7"}};
const std::map<std::string, std::string> kDiscountedUsage = {
    {kType, "'DiscountedUsage'"},
    {kCost, "0"},
    {kReservation, "'arn:ri'"},
    {"reservation_effective_cost", "4"},
    {"reservation_net_effective_cost", "3.6"}};
const std::map<std::string, std::string> kReservationFee = {
    {kType, "'RIFee'"},
    {kCost, "20"},
    {kNetCost, "18"},
    {kReservation, "'arn:ri'"},
    {"reservation_amortized_upfront_fee_for_billing_period", "9"},
    {"reservation_unused_amortized_upfront_fee_for_billing_period", "2"},
    {"reservation_unused_recurring_fee", "1.5"},
    {"reservation_net_unused_amortized_upfront_fee_for_billing_period", "1.8"},
    {"reservation_net_unused_recurring_fee", "1.35"}};

TEST_F(CostsViewSqlTest, GrossCostsByLineItemType) {
  EXPECT_EQ(gross({{kType, "'Usage'"}, {kCost, "1.5"}}), "1.5|1.5|0.0|0.0\n");
  EXPECT_EQ(gross(kCoveredUsage), "10.0|7.0|0.0|0.0\n");
  EXPECT_EQ(gross({{kType, "'SavingsPlanNegation'"}, {kCost, "-10"}, {kPlan, "'arn:sp'"}}),
            "-10.0|0.0|0.0|0.0\n");
  EXPECT_EQ(gross(kRecurringFee), "5.0|2.0|-3.0|0.0\n");
  EXPECT_EQ(gross({{kType, "'SavingsPlanUpfrontFee'"}, {kCost, "99"}, {kPlan, "'arn:sp'"}}),
            "99.0|0.0|0.0|99.0\n");
  EXPECT_EQ(gross(kDiscountedUsage), "0.0|4.0|0.0|0.0\n");
  EXPECT_EQ(gross(kReservationFee), "20.0|3.5|-9.0|0.0\n");
  EXPECT_EQ(gross({{kType, "'Fee'"}, {kCost, "300"}, {kReservation, "'arn:ri'"}}),
            "300.0|0.0|0.0|300.0\n");
  EXPECT_EQ(gross({{kType, "'Fee'"}, {kCost, "100"}, {kReservation, "''"}}),
            "100.0|100.0|0.0|0.0\n");
  for (const char* type :
       {"Tax", "Credit", "Refund", "EdpDiscount", "BundledDiscount", "PrivateRateDiscount",
        "RiVolumeDiscount", "SppDiscount", "Discount", "FlatRateSubscription", "Something new"}) {
    EXPECT_EQ(gross({{kType, "'" + std::string(type) + "'"}, {kCost, "-2.25"}}),
              "-2.25|-2.25|0.0|0.0\n")
        << type;
  }
  EXPECT_EQ(gross({{kCost, "3"}}), "3.0|3.0|0.0|0.0\n");
  EXPECT_EQ(gross({{kType, "'Usage'"}}), "0.0|0.0|0.0|0.0\n");
}

TEST_F(CostsViewSqlTest, ARefundOfASavingsPlansUpfrontFeeIsNotAmortized) {
  std::map<std::string, std::string> refund = {
      {kType, "'Refund'"},
      {kCost, "-99"},
      {"line_item_product_code", "'ComputeSavingsPlans'"},
      {"line_item_line_item_description", "'Refund for one-time fee for Savings Plan ID: 1-2'"}};
  EXPECT_EQ(gross(refund), "-99.0|0.0|0.0|0.0\n");
  refund["line_item_product_code"] = "'AmazonEC2'";
  EXPECT_EQ(gross(refund), "-99.0|-99.0|0.0|0.0\n");
}

TEST_F(CostsViewSqlTest, NetCostsByLineItemType) {
  table_has_net_columns();
  EXPECT_EQ(net({{kType, "'Usage'"}, {kCost, "1.5"}, {kNetCost, "1.2"}}), "1.2|1.2\n");
  EXPECT_EQ(net(kCoveredUsage), "10.0|6.3\n");
  EXPECT_EQ(net(kDiscountedUsage), "0.0|3.6\n");
  EXPECT_EQ(net(kReservationFee), "18.0|3.15\n");
  EXPECT_EQ(net({{kType, "'SavingsPlanNegation'"}, {kCost, "-10"}, {kNetCost, "-9"}}),
            "-9.0|0.0\n");
  EXPECT_EQ(net({{kType, "'SavingsPlanUpfrontFee'"}, {kCost, "99"}, {kNetCost, "90"}}),
            "90.0|0.0\n");
  EXPECT_EQ(net({{kType, "'Fee'"}, {kCost, "99"}, {kNetCost, "90"}, {kReservation, "'arn'"}}),
            "90.0|0.0\n");
  EXPECT_EQ(net({{kType, "'Fee'"}, {kCost, "99"}, {kNetCost, "90"}}), "90.0|90.0\n");
}

TEST_F(CostsViewSqlTest, TheUnusedPartOfAPlanIsDiscountedAsItsCommitmentIs) {
  table_has_net_columns();
  EXPECT_EQ(net(kRecurringFee), "4.5|1.8\n");  // (8 - 6) * (4.5 + 2.7) / (5 + 3)
  auto third = kRecurringFee;
  third["savings_plan_net_recurring_commitment_for_billing_period"] = "0";
  third["savings_plan_net_amortized_upfront_commitment_for_billing_period"] =
      "2.666666666666666666";
  EXPECT_EQ(costs({third}, "net_amortized_cost"), "0.666666666000000000\n");  // 2 * 0.333333333
  auto unknown = kRecurringFee;
  unknown.erase("savings_plan_recurring_commitment_for_billing_period");
  unknown.erase("savings_plan_amortized_upfront_commitment_for_billing_period");
  EXPECT_EQ(net(unknown), "4.5|2.0\n");
}

TEST_F(CostsViewSqlTest, WithoutNetColumnsNetIsGross) {
  for (const auto& row : {kCoveredUsage, kRecurringFee, kDiscountedUsage, kReservationFee}) {
    EXPECT_EQ(
        costs({row}, "net_unblended_cost = unblended_cost, net_amortized_cost = amortized_cost"),
        "true|true\n");
  }
}

TEST_F(CostsViewSqlTest, ADeliverysColumnListDecidesWhetherANetCostIsThere) {
  table_has_net_columns();
  delivered("with", {kCost, kNetCost});
  delivered("without", {kCost});
  delivered("without", {kCost, kNetCost}, "refused");
  delivered("again", {kCost}, "superseded", 1);
  delivered("again", {kCost, kNetCost}, "current", 2);
  const auto row = [](const std::string& delivery, const std::string& net) {
    return std::map<std::string, std::string>{
        {"execution_id", "'" + delivery + "'"}, {kType, "'Usage'"}, {kCost, "5"}, {kNetCost, net}};
  };
  EXPECT_EQ(costs({row("with", "NULL"), row("without", "NULL"), row("again", "NULL"),
                   row("with", "4"), row("unknown", "NULL"), row("unknown", "4")},
                  "execution_id, net_unblended_cost::DOUBLE, net_amortized_cost::DOUBLE"),
            "with|0.0|0.0\nwithout|5.0|5.0\nagain|0.0|0.0\nwith|4.0|4.0\nunknown|5.0|5.0\n"
            "unknown|4.0|4.0\n");
}

TEST_F(CostsViewSqlTest, PublicCostAndUsageLeaveOutWhatWouldCountTwice) {
  const auto told = [&](const std::string& type) {
    return costs({{{kType, "'" + type + "'"},
                   {"pricing_public_on_demand_cost", "3"},
                   {"line_item_usage_amount", "2"}}},
                 "public_on_demand_cost::DOUBLE, usage_quantity::DOUBLE");
  };
  for (const char* type :
       {"Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "FlatRateSubscription"}) {
    EXPECT_EQ(told(type), "3.0|2.0\n") << type;
  }
  EXPECT_EQ(told("SavingsPlanNegation"), "0.0|0.0\n");
  EXPECT_EQ(told("RIFee"), "3.0|0.0\n");
}

TEST_F(CostsViewSqlTest, SplitCostRowsAreInNoTotal) {
  const auto row = [](const std::string& operation) {
    return std::map<std::string, std::string>{
        {kType, "'Usage'"}, {kCost, "1"}, {"line_item_operation", operation}};
  };
  EXPECT_EQ(costs({row("'EKSPod-EC2'"), row("'ECSTask-EC2'"), row("'RunInstances'"), row("NULL")},
                  "count(*), sum(unblended_cost)::DOUBLE"),
            "2|2.0\n");
}

TEST_F(CostsViewSqlTest, NamesCategoryAndPurchaseOption) {
  const auto told = [&](const std::string& type, const std::string& plan,
                        const std::string& reservation, const std::string& usage_type) {
    return costs({{{kType, "'" + type + "'"},
                   {kPlan, plan},
                   {kReservation, reservation},
                   {"line_item_usage_type", usage_type}}},
                 "charge_category, purchase_option, savings_plan_arn, reservation_arn");
  };
  EXPECT_EQ(told("Usage", "''", "''", "'USE1-BoxUsage:m5.large'"), "usage|OnDemand|NULL|NULL\n");
  EXPECT_EQ(told("Usage", "NULL", "NULL", "'SpotUsage:m5.large'"), "usage|Spot|NULL|NULL\n");
  EXPECT_EQ(told("SavingsPlanCoveredUsage", "'sp'", "''", "''"), "usage|SavingsPlan|sp|NULL\n");
  EXPECT_EQ(told("DiscountedUsage", "''", "'ri'", "''"), "usage|Reserved|NULL|ri\n");
  EXPECT_EQ(told("Fee", "''", "'ri'", "''"), "commitment|Reserved|NULL|ri\n");
  EXPECT_EQ(told("Fee", "''", "''", "''"), "fee|OnDemand|NULL|NULL\n");
  EXPECT_EQ(told("SavingsPlanNegation", "'sp'", "''", "''"), "commitment|SavingsPlan|sp|NULL\n");
  EXPECT_EQ(told("EdpDiscount", "''", "''", "''"), "discount|OnDemand|NULL|NULL\n");
  EXPECT_EQ(told("Tax", "''", "''", "''"), "tax|OnDemand|NULL|NULL\n");
  EXPECT_EQ(told("Credit", "''", "''", "''"), "credit|OnDemand|NULL|NULL\n");
  EXPECT_EQ(told("Refund", "''", "''", "''"), "refund|OnDemand|NULL|NULL\n");
  EXPECT_EQ(told("A new type", "''", "''", "''"), "other|OnDemand|NULL|NULL\n");
}

TEST_F(CostsViewSqlTest, TagsOfAllFormsAreOneMap) {
  table_has("resource_tags_user_name", ColumnType::kText);
  table_has("resource_tags_aws_created_by", ColumnType::kText);
  table_has("resource_tags", ColumnType::kTextMap);
  table_has("tags", ColumnType::kTextMap);
  EXPECT_EQ(costs({{{"resource_tags_user_name", "'web'"}}}, "tags"), "{\"user_name\": \"web\"}\n");
  EXPECT_EQ(costs({{{"resource_tags", "MAP {'user_name': 'v2', 'user_team': NULL}"}}}, "tags"),
            "{\"user_name\": \"v2\"}\n");
  EXPECT_EQ(costs({{{"resource_tags_aws_created_by", "'me'"},
                    {"resource_tags_user_name", "'v1'"},
                    {"tags",
                     "MAP {'resourceTag/CostCenter': '7', 'resourceTag/Name': 'late', "
                     "'resourceTag/aws:createdBy': 'you', 'accountTag/Team': 'a', "
                     "'costCategory/Env': 'prod'}"}}},
                  "map_extract_value(tags, 'user_cost_center'), map_extract_value(tags, "
                  "'user_name'), map_extract_value(tags, 'aws_created_by'), "
                  "map_extract_value(tags, 'accountTag/Team'), cardinality(tags)"),
            "7|v1|me|a|5\n");
  EXPECT_EQ(costs({{}}, "tags"), "{}\n");
}

TEST_F(CostsViewSqlTest, ColumnsThatTheTableLacksAreNullAndZero) {
  columns_ = {column(1, "source"), column(2, "billing_period"), column(3, "execution_id"),
              column(4, "line_item_unblended_cost", ColumnType::kDecimal)};
  EXPECT_EQ(costs({{{kCost, "2"}}},
                  "bill_payer_account_id, line_item_usage_start_date, amortized_cost::DOUBLE, "
                  "net_amortized_cost::DOUBLE, public_on_demand_cost::DOUBLE, charge_category, "
                  "purchase_option, tags"),
            "NULL|NULL|2.0|2.0|0.0|other|OnDemand|{}\n");
  EXPECT_EQ(costs({{{kCost, "2"}}},
                  "typeof(amortized_cost), typeof(net_amortized_cost), "
                  "typeof(ri_sp_trueup), typeof(usage_quantity)"),
            "DECIMAL(38,18)|DECIMAL(38,18)|DECIMAL(38,18)|DECIMAL(38,18)\n");
}

TEST_F(CostsViewSqlTest, OtherTablesHaveNoCosts) {
  const auto has = [](std::vector<Column> columns) {
    return duckdb_sql::has_costs(table_of("t", std::move(columns), {}));
  };
  EXPECT_TRUE(has(columns_));
  auto quarantine = columns_;
  quarantine.push_back(column(99, "raw", ColumnType::kBinary));
  EXPECT_FALSE(has(quarantine));
  EXPECT_FALSE(has({column(1, "source"), column(2, "execution_id"), column(3, "BilledCost")}));
}

TEST_F(CostsViewSqlTest, ATableOfTheSameNameIsNotHidden) {
  auto bill = table_of("bill", columns_, {"file://" + bill_of({{{kCost, "1"}}})});
  auto other =
      table_of("bill_costs", {column(1, "source")},
               bill.files.empty() ? std::vector<std::string>() : std::vector{bill.files[0].uri});
  const auto engine = make_duckdb_engine({bill, other}, {});
  EXPECT_EQ(rows_of(*engine, "FROM bill_costs"), "payer\n");
}

}  // namespace
}  // namespace finops
