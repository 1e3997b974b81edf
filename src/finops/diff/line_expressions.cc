#include "finops/diff/line_expressions.h"

#include <initializer_list>
#include <string_view>

#include "finops/engines/sql_text.h"

namespace finops {
namespace {

constexpr std::string_view kTagPrefix = "resource_tags_";
constexpr const char* kNoDecimal = "CAST(0 AS DECIMAL(38,18))";
constexpr const char* kNoText = "CAST(NULL AS VARCHAR)";

/// A column, or the value that a map has under a key.
struct Place {
  std::string_view column, map_key = "";
};

class Columns {
 public:
  explicit Columns(const TableSchema& schema) : schema_(schema) {}

  /// The first of these places that says something.
  std::string text(std::initializer_list<Place> places) const {
    std::string list;
    for (const Place& place : places) {
      const std::string sql = text_of(place);
      if (!sql.empty()) list += (list.empty() ? "" : ", ") + sql;
    }
    return list.empty() ? kNoText : "coalesce(" + list + ")";
  }

  std::string decimal(std::initializer_list<std::string_view> names) const {
    for (const auto name : names) {
      const Column* column = schema_.find(name);
      if (column == nullptr || column->type != ColumnType::kDecimal) continue;
      return "coalesce(" + quoted_identifier(name) + ", " + kNoDecimal + ")";
    }
    return kNoDecimal;
  }

  std::string day(std::initializer_list<std::string_view> names) const {
    for (const auto name : names) {
      const Column* column = schema_.find(name);
      if (column == nullptr) continue;
      const std::string quoted = quoted_identifier(name);
      if (column->type == ColumnType::kTimestamp) {
        return "CAST(CAST(" + quoted + " AS DATE) AS VARCHAR)";
      }
      return "substr(CAST(" + quoted + " AS VARCHAR), 1, 10)";
    }
    return kNoText;
  }

  bool is_text_map(std::string_view name) const {
    const Column* column = schema_.find(name);
    return column != nullptr && column->type == ColumnType::kTextMap;
  }

 private:
  std::string text_of(const Place& place) const {
    const Column* column = schema_.find(place.column);
    if (column == nullptr || is_map(column->type) != !place.map_key.empty()) return "";
    const std::string quoted = quoted_identifier(place.column);
    if (place.map_key.empty()) {
      return column->type == ColumnType::kText ? quoted : "CAST(" + quoted + " AS VARCHAR)";
    }
    if (column->type != ColumnType::kTextMap) return "";
    return "nullif(" + quoted + "[" + quoted_literal(place.map_key) + "], '')";
  }

  const TableSchema& schema_;
};

/// A price stands in the description of usage ("$0.10 per hour"), so it goes with the price. Of
/// credits, fees and discounts it says which one it is.
std::string description_of_no_usage(const Columns& columns, const std::string& type) {
  const std::string description =
      columns.text({{"line_item_line_item_description"}, {"ChargeDescription"}});
  if (description == kNoText) return kNoText;
  return "CASE WHEN coalesce(" + type +
         ", '') IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage', "
         "'SavingsPlanNegation', 'RIFee', 'SavingsPlanRecurringFee') THEN NULL ELSE " +
         description + " END";
}

void add_key(const Columns& columns, LineExpressions& lines) {
  const auto dimension = [&](std::string_view name) {
    for (const NamedExpression& one : lines.dimensions) {
      if (one.name == name) return one.sql;
    }
    return std::string(kNoText);
  };
  const std::string type = dimension("type");
  const NamedExpression all[] = {
      {"type", type},
      {"service", dimension("service")},
      {"account", dimension("account")},
      {"region", dimension("region")},
      {"usage_type", columns.text({{"line_item_usage_type"}, {"x_UsageType"}})},
      {"operation", columns.text({{"line_item_operation"}, {"x_Operation"}})},
      {"resource", columns.text({{"line_item_resource_id"}, {"ResourceId"}})},
      {"start", columns.text({{"line_item_usage_start_date"}, {"ChargePeriodStart"}})},
      {"end", columns.text({{"line_item_usage_end_date"}, {"ChargePeriodEnd"}})},
      {"availability_zone", columns.text({{"line_item_availability_zone"}, {"AvailabilityZone"}})},
      {"commitment", columns.text({{"savings_plan_savings_plan_a_r_n"},
                                   {"reservation_reservation_a_r_n"},
                                   {"CommitmentDiscountId"}})},
      {"payer", columns.text({{"bill_payer_account_id"}, {"BillingAccountId"}})},
      {"bill_type", columns.text({{"bill_bill_type"}})},
      {"billing_entity", columns.text({{"bill_billing_entity"}, {"PublisherName"}})},
      {"invoicing_entity", columns.text({{"bill_invoicing_entity"}, {"InvoiceIssuerName"}})},
      {"legal_entity", columns.text({{"line_item_legal_entity"}, {"ProviderName"}})},
      {"tax_type", columns.text({{"line_item_tax_type"}})},
      {"charge_class", columns.text({{"ChargeClass"}})},
      {"charge_frequency", columns.text({{"ChargeFrequency"}})},
      {"description", description_of_no_usage(columns, type)},
  };
  for (const NamedExpression& one : all) {
    if (one.sql != kNoText) lines.key.push_back(one);
  }
}

/// CUR 1.0 has a column for each tag, CUR 2.0 and FOCUS have maps. A row's tag counts once, even
/// where an export has a column beside the map.
void add_tags(const TableSchema& schema, const Columns& columns, LineExpressions& lines) {
  std::string lists, structs;
  const bool has_map = columns.is_text_map("resource_tags");
  for (const char* map : {"resource_tags", "tags", "Tags"}) {
    if (!columns.is_text_map(map)) continue;
    const std::string quoted = quoted_identifier(map);
    lines.tag_columns.push_back(quoted);
    lists += (lists.empty() ? "" : ", ") + ("coalesce(map_entries(" + quoted + "), [])");
  }
  for (const Column& column : schema.columns) {
    if (!column.name.starts_with(kTagPrefix) || column.type != ColumnType::kText) continue;
    const std::string quoted = quoted_identifier(column.name);
    const std::string key = quoted_literal(column.name.substr(kTagPrefix.size()));
    lines.tag_columns.push_back(quoted);
    structs += (structs.empty() ? "" : ", ") + ("{'key': " + key + ", 'value': ") +
               (has_map ? "CASE WHEN \"resource_tags\"[" + key + "] IS NULL THEN " + quoted + " END"
                        : quoted) +
               "}";
  }
  if (!structs.empty()) lists += (lists.empty() ? "[" : ", [") + structs + "]";
  if (!lists.empty()) lines.tag_entries = "list_concat(" + lists + ")";
}

}  // namespace

LineExpressions line_expressions(const TableSchema& schema, const std::string& cost_column,
                                 const std::string& currency_column) {
  const Columns columns(schema);
  LineExpressions lines;
  lines.currency = "coalesce(" + columns.text({{currency_column}}) + ", '')";
  lines.cost = columns.decimal({cost_column});
  lines.amount = columns.decimal({"line_item_usage_amount", "ConsumedQuantity"});
  lines.dimensions = {{"type", columns.text({{"line_item_line_item_type"}, {"ChargeCategory"}})},
                      {"service", columns.text({{"line_item_product_code"},
                                                {"product_servicecode"},
                                                {"product", "servicecode"},
                                                {"product_product_name"},
                                                {"product", "product_name"},
                                                {"ServiceName"},
                                                {"x_ServiceCode"}})},
                      {"account", columns.text({{"line_item_usage_account_id"}, {"SubAccountId"}})},
                      {"region", columns.text({{"product_region_code"},
                                               {"product_region"},
                                               {"product", "region_code"},
                                               {"product", "region"},
                                               {"RegionId"}})},
                      {"day", columns.day({"line_item_usage_start_date", "ChargePeriodStart"})}};
  add_key(columns, lines);
  add_tags(schema, columns, lines);
  return lines;
}

}  // namespace finops
