#include "finops/pipeline/warehouse_table.h"

#include <algorithm>
#include <set>

#include "finops/core/ascii_case.h"
#include "finops/core/sha256.h"

namespace finops {
namespace {

/// The columns that have a role, by what delivered the bill.
struct Roles {
  const char* period;
  const char* usage_start;
  const char* currency;
  const char* cost;
};
constexpr Roles kCur = {"bill_billing_period_start_date", "line_item_usage_start_date",
                        "line_item_currency_code", "line_item_unblended_cost"};
constexpr Roles kFocus = {"BillingPeriodStart", "ChargePeriodStart", "BillingCurrency",
                          "BilledCost"};

/// Of no column: no file has it.
int unused_id(const std::vector<Column>& columns) {
  int most = 0;
  for (const Column& column : columns) {
    most = std::max({most, column.field_id, column.key_id, column.value_id});
  }
  return most + 1;
}

}  // namespace

WarehouseTable warehouse_table(const lake::TableView& view, const std::string& name,
                               const Warehouse& warehouse) {
  WarehouseTable table{.name = name};
  std::set<std::string> taken;
  for (const Column& column : view.schema.columns) {
    Column there = column;
    there.name = warehouse.column_name(column.name);
    if (!taken.insert(ascii_lower(there.name)).second) {
      const std::string& exact = column.doc.empty() ? column.name : column.doc;
      there.name = warehouse.column_name(there.name + "_" + sha256_of(exact).substr(0, 8));
      taken.insert(ascii_lower(there.name));
    }
    table.columns.push_back(std::move(there));
  }
  const bool is_focus = view.schema.find(kFocus.cost) != nullptr;
  const Roles& roles = is_focus ? kFocus : kCur;
  table.cluster_column = warehouse_name(view, table, roles.usage_start);
  table.currency_column = warehouse_name(view, table, roles.currency);
  table.cost_column = warehouse_name(view, table, roles.cost);
  table.period_column = warehouse_name(view, table, roles.period);
  if (table.period_column.empty()) {
    table.period_column = roles.period;
    table.columns.push_back({.name = roles.period,
                             .type = ColumnType::kTimestamp,
                             .field_id = unused_id(view.schema.columns)});
  }
  return table;
}

std::string warehouse_name(const lake::TableView& view, const WarehouseTable& table,
                           const std::string& lake_name) {
  for (std::size_t i = 0; i < view.schema.columns.size(); ++i) {
    if (view.schema.columns[i].name == lake_name) return table.columns[i].name;
  }
  return {};
}

}  // namespace finops
