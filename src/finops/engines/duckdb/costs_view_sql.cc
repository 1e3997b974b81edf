#include "finops/engines/duckdb/costs_view_sql.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "finops/engines/duckdb/view_sql.h"

namespace finops::duckdb_sql {
namespace {

/// Columns that the view shows as they are; NULL where the table has none.
constexpr auto kShownTexts = std::to_array<std::string_view>({"source",
                                                              "billing_period",
                                                              "execution_id",
                                                              "source_file",
                                                              "identity_line_item_id",
                                                              "bill_payer_account_id",
                                                              "bill_invoice_id",
                                                              "bill_bill_type",
                                                              "bill_billing_entity",
                                                              "line_item_usage_account_id",
                                                              "line_item_line_item_type",
                                                              "line_item_product_code",
                                                              "line_item_usage_type",
                                                              "line_item_operation",
                                                              "line_item_resource_id",
                                                              "line_item_availability_zone",
                                                              "line_item_line_item_description",
                                                              "line_item_currency_code",
                                                              "product_region_code",
                                                              "pricing_unit"});
constexpr auto kShownTimes =
    std::to_array<std::string_view>({"line_item_usage_start_date", "line_item_usage_end_date"});

/// What the formulas call an amount, and its column.
using Amount = std::pair<std::string_view, std::string_view>;
constexpr auto kAmounts = std::to_array<Amount>({
    {"cost", "line_item_unblended_cost"},
    {"public_cost", "pricing_public_on_demand_cost"},
    {"quantity", "line_item_usage_amount"},
    {"plan_effective", "savings_plan_savings_plan_effective_cost"},
    {"plan_total", "savings_plan_total_commitment_to_date"},
    {"plan_used", "savings_plan_used_commitment"},
    {"plan_upfront", "savings_plan_amortized_upfront_commitment_for_billing_period"},
    {"plan_recurring", "savings_plan_recurring_commitment_for_billing_period"},
    {"reserved_effective", "reservation_effective_cost"},
    {"reserved_upfront", "reservation_amortized_upfront_fee_for_billing_period"},
    {"reserved_unused_upfront", "reservation_unused_amortized_upfront_fee_for_billing_period"},
    {"reserved_unused_recurring", "reservation_unused_recurring_fee"},
});

/// A net amount: the amount that stands in for it where its column was not delivered.
struct NetAmount {
  std::string_view name, column, gross;
};
constexpr auto kNetAmounts = std::to_array<NetAmount>({
    {"net_cost", "line_item_net_unblended_cost", "cost"},
    {"net_plan_effective", "savings_plan_net_savings_plan_effective_cost", "plan_effective"},
    {"net_plan_upfront", "savings_plan_net_amortized_upfront_commitment_for_billing_period",
     "plan_upfront"},
    {"net_plan_recurring", "savings_plan_net_recurring_commitment_for_billing_period",
     "plan_recurring"},
    {"net_reserved_effective", "reservation_net_effective_cost", "reserved_effective"},
    {"net_reserved_unused_upfront",
     "reservation_net_unused_amortized_upfront_fee_for_billing_period", "reserved_unused_upfront"},
    {"net_reserved_unused_recurring", "reservation_net_unused_recurring_fee",
     "reserved_unused_recurring"},
});

constexpr std::string_view kZero = "0::DECIMAL(38,18)";
constexpr std::string_view kTagPrefix = "resource_tags_";

/// The amortized cost of gross or net amounts: # stands for "" or "net_".
constexpr std::string_view kAmortized = R"sql(
  CASE line_item_line_item_type
    WHEN 'SavingsPlanCoveredUsage' THEN #plan_effective
    WHEN 'SavingsPlanRecurringFee' THEN #unused_of_plan
    WHEN 'SavingsPlanNegation' THEN zero
    WHEN 'SavingsPlanUpfrontFee' THEN zero
    WHEN 'DiscountedUsage' THEN #reserved_effective
    WHEN 'RIFee' THEN #reserved_unused_upfront + #reserved_unused_recurring
    WHEN 'Fee' THEN CASE WHEN reservation_arn IS NULL THEN #cost ELSE zero END
    WHEN 'Refund' THEN CASE WHEN is_refund_of_upfront THEN zero ELSE #cost END
    ELSE #cost END AS #amortized_cost,)sql";

std::string amortized(std::string_view net) {
  std::string sql;
  for (const char c : kAmortized) c == '#' ? sql.append(net) : sql.append(1, c);
  return sql;
}

/// The rest of the outer SELECT: the same for every table, over what input_query() calls things.
constexpr std::string_view kFormulas = R"sql(
  CASE WHEN line_item_line_item_type = 'SavingsPlanNegation' THEN zero
    ELSE public_cost END AS public_on_demand_cost,
  CASE line_item_line_item_type
    WHEN 'SavingsPlanRecurringFee' THEN -plan_upfront
    WHEN 'RIFee' THEN -reserved_upfront
    ELSE zero END AS ri_sp_trueup,
  CASE line_item_line_item_type
    WHEN 'SavingsPlanUpfrontFee' THEN cost
    WHEN 'Fee' THEN CASE WHEN reservation_arn IS NULL THEN zero ELSE cost END
    ELSE zero END AS ri_sp_upfront_fees,
  CASE WHEN line_item_line_item_type IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage',
         'FlatRateSubscription') THEN 'usage'
    WHEN line_item_line_item_type IN ('SavingsPlanNegation', 'SavingsPlanRecurringFee',
         'SavingsPlanUpfrontFee', 'RIFee') THEN 'commitment'
    WHEN line_item_line_item_type = 'Fee' AND reservation_arn IS NOT NULL THEN 'commitment'
    WHEN line_item_line_item_type = 'Fee' THEN 'fee'
    WHEN line_item_line_item_type = 'Tax' THEN 'tax'
    WHEN line_item_line_item_type = 'Credit' THEN 'credit'
    WHEN line_item_line_item_type = 'Refund' THEN 'refund'
    WHEN line_item_line_item_type LIKE '%Discount' THEN 'discount'
    ELSE 'other' END AS charge_category,
  CASE WHEN savings_plan_arn IS NOT NULL THEN 'SavingsPlan'
    WHEN reservation_arn IS NOT NULL THEN 'Reserved'
    WHEN line_item_usage_type LIKE '%Spot%' THEN 'Spot'
    ELSE 'OnDemand' END AS purchase_option,
  reservation_arn,
  savings_plan_arn,
  CASE WHEN line_item_line_item_type IN ('SavingsPlanCoveredUsage', 'DiscountedUsage', 'Usage',
         'FlatRateSubscription') THEN quantity ELSE zero END AS usage_quantity,
  )sql";

/// The part of a plan's fee that nothing used, and its share at the net price of the commitment.
/// The sum of two decimals may need a 39th digit by DuckDB's types; it never does in a bill.
constexpr std::string_view kDerived = R"sql(
  0::DECIMAL(38,18) AS zero,
  plan_upfront + plan_recurring AS plan_commitment,
  net_plan_upfront + net_plan_recurring AS net_plan_commitment,
  plan_total - plan_used AS unused_of_plan,
  CASE WHEN plan_commitment > 0 AND plan_commitment < 100000000000
      AND net_plan_commitment BETWEEN 0 AND plan_commitment
      AND abs(unused_of_plan) < 100000000000
    THEN CAST(unused_of_plan * (0.000000001 * CAST(
        (replace(net_plan_commitment::VARCHAR, '.', '')::HUGEINT * 1000000000
          + replace(plan_commitment::VARCHAR, '.', '')::HUGEINT // 2)
        // replace(plan_commitment::VARCHAR, '.', '')::HUGEINT AS DECIMAL(10,0)))
      AS DECIMAL(38,18))
    ELSE unused_of_plan END AS net_unused_of_plan,
  line_item_product_code = 'ComputeSavingsPlans' AND line_item_line_item_description LIKE
    'Refund for one-time fee for Savings Plan ID%' AS is_refund_of_upfront)sql";

bool has(const lake::TableView& table, std::string_view name, ColumnType type) {
  const Column* column = table.schema.find(name);
  return column != nullptr && column->type == type;
}

std::string shown(const lake::TableView& table, std::string_view name, ColumnType type,
                  std::string_view sql_type) {
  const std::string quoted = quoted_identifier(name);
  if (has(table, name, type)) return "t." + quoted;
  return "NULL::" + std::string(sql_type) + " AS " + quoted;
}

std::string arn(const lake::TableView& table, std::string_view column, const std::string& name) {
  const std::string value = has(table, column, ColumnType::kText)
                                ? "nullif(t." + quoted_identifier(column) + ", '')"
                                : "NULL::VARCHAR";
  return value + " AS " + name;
}

std::string amount(const lake::TableView& table, std::string_view column) {
  if (!has(table, column, ColumnType::kDecimal)) return std::string(kZero);
  return "coalesce(t." + quoted_identifier(column) + ", " + std::string(kZero) + ")";
}

std::string net_amount(const lake::TableView& table, const NetAmount& net, bool has_ledger) {
  const auto gross = std::ranges::find(kAmounts, net.gross, &Amount::first)->second;
  if (!has(table, net.column, ColumnType::kDecimal)) return amount(table, gross);
  const std::string cell = "t." + quoted_identifier(net.column);
  const std::string is_delivered =
      has_ledger ? "coalesce(d." + quoted_identifier(net.column) + ", " + cell + " IS NOT NULL)"
                 : cell + " IS NOT NULL";
  return "CASE WHEN " + is_delivered + " THEN " + amount(table, net.column) + " ELSE " +
         amount(table, gross) + " END";
}

/// Which deliveries have which net columns: the last revision of each says it. A delivery that was
/// refused has no rows here, and may have had other columns under the same id.
std::string deliveries_query(const lake::TableView& table) {
  std::string sql = "SELECT source, billing_period, execution_id";
  for (const NetAmount& net : kNetAmounts) {
    // A JSON list of [exact name, column]; in a name the quotes would be escaped.
    sql += ", contains(arg_max(columns, revision), ',\"" + std::string(net.column) + "\"]') AS " +
           quoted_identifier(net.column);
  }
  return sql + " FROM billing.deliveries WHERE \"table\" = " + quoted_literal(table.name.name) +
         " AND state <> 'refused' GROUP BY ALL";
}

/// The key that CUR 2.0's resource_tags has for a key of its newer map.
constexpr std::string_view kKeyOfTags =
    "CASE WHEN starts_with(e.key, 'resourceTag/') THEN trim(regexp_replace(lower(regexp_replace("
    "CASE WHEN starts_with(e.key, 'resourceTag/aws:') OR starts_with(e.key, 'resourceTag/user:') "
    "THEN '' ELSE 'user:' END || substr(e.key, 13), '([A-Z])', '_\\1', 'g')), "
    "'[^\\p{L}\\p{N}]+', '_', 'g'), '_') ELSE e.key END";

/// Key and value of each tag of a row, all sources of tags one after the other.
std::string tag_entries(const lake::TableView& table) {
  std::string columns;
  for (const Column& column : table.schema.columns) {
    if (column.type != ColumnType::kText || !column.name.starts_with(kTagPrefix)) continue;
    columns += (columns.empty() ? "" : ", ") + std::string("{'key': ") +
               quoted_literal(column.name.substr(kTagPrefix.size())) + ", 'value': t." +
               quoted_identifier(column.name) + "}";
  }
  std::string entries = "[" + columns + "]::STRUCT(\"key\" VARCHAR, \"value\" VARCHAR)[]";
  if (has(table, "resource_tags", ColumnType::kTextMap)) {
    entries += " || coalesce(map_entries(t.resource_tags), [])";
  }
  if (has(table, "tags", ColumnType::kTextMap)) {
    entries += " || coalesce(list_transform(map_entries(t.tags), lambda e: {'key': " +
               std::string(kKeyOfTags) + ", 'value': e.value}), [])";
  }
  return "list_filter(" + entries + ", lambda e: e.value IS NOT NULL) AS tag_entries";
}

/// The table's columns under the names of the formulas, and money without NULL.
std::string input_query(const lake::TableView& table, bool has_ledger) {
  std::string sql = "SELECT ";
  for (const auto name : kShownTexts) {
    sql += shown(table, name, ColumnType::kText, "VARCHAR") + ", ";
  }
  for (const auto name : kShownTimes) {
    sql += shown(table, name, ColumnType::kTimestamp, "TIMESTAMP") + ", ";
  }
  sql += shown(table, "source_line", ColumnType::kLong, "BIGINT") + ", ";
  sql += arn(table, "reservation_reservation_a_r_n", "reservation_arn") + ", ";
  sql += arn(table, "savings_plan_savings_plan_a_r_n", "savings_plan_arn") + ", ";
  for (const auto& [name, column] : kAmounts) {
    sql += amount(table, column) + " AS " + std::string(name) + ", ";
  }
  bool needs_ledger = false;
  for (const NetAmount& net : kNetAmounts) {
    sql += net_amount(table, net, has_ledger) + " AS " + std::string(net.name) + ", ";
    needs_ledger |= has_ledger && has(table, net.column, ColumnType::kDecimal);
  }
  sql += tag_entries(table) + " FROM " + quoted_identifier(table.name.name_space) + "." +
         quoted_identifier(table.name.name) + " AS t";
  if (needs_ledger) {
    sql += " LEFT JOIN (" + deliveries_query(table) +
           ") AS d ON t.source = d.source AND t.billing_period = d.billing_period AND "
           "t.execution_id = d.execution_id";
  }
  return sql;
}

}  // namespace

bool has_costs(const lake::TableView& table) {
  const bool is_data = has(table, "source", ColumnType::kText) &&
                       has(table, "execution_id", ColumnType::kText) &&
                       table.schema.find("raw") == nullptr;
  return is_data && std::ranges::any_of(table.schema.columns, [](const Column& column) {
           return column.name.starts_with("line_item_");
         });
}

std::string costs_view_name(const lake::TableView& table) { return table.name.name + "_costs"; }

std::string costs_query(const lake::TableView& table, bool has_ledger) {
  std::string shown_columns;
  for (const auto name : kShownTexts) shown_columns += std::string(name) + ", ";
  shown_columns += "source_line, ";
  for (const auto name : kShownTimes) shown_columns += std::string(name) + ", ";
  return "SELECT " + shown_columns + "cost AS unblended_cost, net_cost AS net_unblended_cost," +
         amortized("") + amortized("net_") + std::string(kFormulas) +
         // The first of several values for one key: a map has each key once.
         "map_from_entries(list_filter(tag_entries, lambda e, i: list_position("
         "list_transform(tag_entries, lambda x: x.key), e.key) = i)) AS tags FROM (SELECT *," +
         std::string(kDerived) + " FROM (" + input_query(table, has_ledger) +
         ") WHERE coalesce(line_item_operation, '') NOT IN ('EKSPod-EC2', 'ECSTask-EC2'))";
}

}  // namespace finops::duckdb_sql
