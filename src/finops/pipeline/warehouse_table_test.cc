#include "finops/pipeline/warehouse_table.h"

#include <gmock/gmock.h>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"

namespace finops {
namespace {

using ::testing::ElementsAre;

/// Allows capital letters only.
class ShoutingWarehouse : public Warehouse {
 public:
  std::string name() const override { return "nowhere"; }
  std::string column_name(std::string_view lake_name) const override {
    std::string name(lake_name);
    for (char& c : name) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      if (c == '-') c = '_';
    }
    return name;
  }
  std::optional<std::vector<HeldDelivery>> held(const WarehouseTable&) override { return {}; }
  ReplacedPeriod replace_period(const PeriodReplacement&) override {
    throw Error(ErrorKind::kUnsupported, "it only has names");
  }
};

std::vector<std::string> names_of(const WarehouseTable& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  return names;
}

TEST(WarehouseTableTest, NamesStayApartAndRolesAreFound) {
  lake::TableView view;
  view.schema.columns = {
      {.name = "line_item_unblended_cost", .type = ColumnType::kDecimal},
      {.name = "tag_a-b", .doc = "resourceTags/user:a-b"},
      {.name = "tag_a_b", .doc = "resourceTags/user:a_b"},
      {.name = "line_item_currency_code", .type = ColumnType::kText, .field_id = 7}};
  const WarehouseTable table = warehouse_table(view, "bills", ShoutingWarehouse());
  EXPECT_THAT(names_of(table),
              ElementsAre("LINE_ITEM_UNBLENDED_COST", "TAG_A_B", "TAG_A_B_B519C957",
                          "LINE_ITEM_CURRENCY_CODE", "bill_billing_period_start_date"));
  EXPECT_EQ(table.cost_column, "LINE_ITEM_UNBLENDED_COST");
  EXPECT_EQ(table.currency_column, "LINE_ITEM_CURRENCY_CODE");
  EXPECT_EQ(table.cluster_column, "");
  EXPECT_EQ(table.period_column, "bill_billing_period_start_date");
  EXPECT_EQ(table.columns.back().type, ColumnType::kTimestamp);
  EXPECT_EQ(table.columns.back().field_id, 8);
  EXPECT_EQ(warehouse_name(view, table, "tag_a_b"), "TAG_A_B_B519C957");
  EXPECT_EQ(warehouse_name(view, table, "gone"), "");
}

TEST(WarehouseTableTest, FocusHasRolesOfItsOwn) {
  lake::TableView view;
  view.schema.columns = {{.name = "BilledCost", .type = ColumnType::kDecimal},
                         {.name = "BillingCurrency"},
                         {.name = "BillingPeriodStart", .type = ColumnType::kTimestamp},
                         {.name = "ChargePeriodStart", .type = ColumnType::kTimestamp}};
  const WarehouseTable table = warehouse_table(view, "focus", ShoutingWarehouse());
  EXPECT_EQ(table.cost_column, "BILLEDCOST");
  EXPECT_EQ(table.period_column, "BILLINGPERIODSTART");
  EXPECT_EQ(table.cluster_column, "CHARGEPERIODSTART");
  EXPECT_EQ(table.columns.size(), 4u);
}

}  // namespace
}  // namespace finops
