#include "finops/sources/aws_cur/column_dictionary.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

ColumnType type_of(std::string_view name, std::string_view told_type = "") {
  return aws_column_dictionary().type_of(name, told_type);
}

TEST(AwsColumnDictionaryTest, KnowsMoneyInBothFormsAndAnyCase) {
  for (const char* name : {"lineItem/UnblendedCost", "line_item_unblended_cost",
                           "LINE_ITEM_UNBLENDED_COST", "lineitem/unblendedcost"}) {
    EXPECT_EQ(aws_column_dictionary().column_of(name), "line_item_unblended_cost") << name;
    EXPECT_EQ(type_of(name, "String"), ColumnType::kDecimal) << name;
  }
  for (const char* name :
       {"line_item_net_unblended_cost", "pricing_public_on_demand_rate", "line_item_usage_amount",
        "discount_bundled_discount", "split_line_item_split_usage_ratio",
        "savings_plan_total_commitment_to_date", "reservation_unused_quantity",
        "line_item_normalization_factor", "line_item_unblended_rate"}) {
    EXPECT_EQ(type_of(name), ColumnType::kDecimal) << name;
  }
}

TEST(AwsColumnDictionaryTest, KnowsDatesAndMaps) {
  EXPECT_EQ(type_of("bill/BillingPeriodStartDate"), ColumnType::kTimestamp);
  EXPECT_EQ(type_of("line_item_usage_end_date", "string"), ColumnType::kTimestamp);
  for (const char* name : {"product", "resource_tags", "cost_category", "tags"}) {
    EXPECT_EQ(type_of(name), ColumnType::kTextMap) << name;
  }
  EXPECT_EQ(type_of("discount", "map<string,string>"), ColumnType::kDecimalMap);
}

TEST(AwsColumnDictionaryTest, NeverTakesIdsTagsOrProductsForNumbers) {
  for (const char* name :
       {"bill/PayerAccountId", "line_item_usage_account_id", "resourceTags/user:Cost",
        "resource_tags_user_cost", "costCategory/Team", "product/normalizationSizeFactor",
        "product_vcpu", "team_account_id", "identity/TimeInterval"}) {
    EXPECT_EQ(type_of(name, "BigDecimal"), ColumnType::kText) << name;
  }
}

TEST(AwsColumnDictionaryTest, BelievesTheManifestWhereAwsVaries) {
  EXPECT_EQ(type_of("reservation/TotalReservedUnits"), ColumnType::kText);
  EXPECT_EQ(type_of("reservation/TotalReservedUnits", "OptionalString"), ColumnType::kText);
  EXPECT_EQ(type_of("reservation/TotalReservedUnits", "OptionalBigDecimal"), ColumnType::kDecimal);
}

TEST(AwsColumnDictionaryTest, BelievesTheManifestForColumnsThatItDoesNotKnow) {
  const std::pair<const char*, ColumnType> cases[] = {
      {"BigDecimal", ColumnType::kDecimal},
      {"OptionalBigDecimal", ColumnType::kDecimal},
      {"Decimal", ColumnType::kDecimal},
      {"double", ColumnType::kDecimal},
      {"decimal(38, 18)", ColumnType::kDecimal},
      {"DateTime", ColumnType::kTimestamp},
      {"OptionalDateTime", ColumnType::kTimestamp},
      {"timestamp", ColumnType::kTimestamp},
      {"map", ColumnType::kTextMap},
      {"map<string,string>", ColumnType::kTextMap},
      {"map<string, double>", ColumnType::kDecimalMap},
      {"Interval", ColumnType::kText},
      {"String", ColumnType::kText},
      {"struct<a:double>", ColumnType::kText},
      {"bigint", ColumnType::kText},
      {"", ColumnType::kText},
      {"map<", ColumnType::kTextMap}};
  for (const auto& [told, type] : cases) EXPECT_EQ(type_of("something_new", told), type) << told;
  EXPECT_EQ(aws_column_dictionary().column_of("something_new"), std::nullopt);
}

TEST(AwsColumnDictionaryTest, KnowsTheOneNameThatBreaksAwsOwnRule) {
  EXPECT_EQ(aws_column_dictionary().column_of("product_instanceSKU"), "product_instancesku");
  EXPECT_EQ(aws_column_dictionary().column_of("product/instanceSKU"), "product_instancesku");
}

TEST(FocusDictionaryTest, NamesColumnsExactlyAsTheyAreDelivered) {
  const ColumnDictionary& focus = focus_column_dictionary();
  EXPECT_EQ(focus.column_of("BilledCost"), "BilledCost");
  EXPECT_EQ(focus.column_of("billedcost"), "BilledCost");
  EXPECT_EQ(focus.plain_name_of("x_ServiceCode"), "x_ServiceCode");
  EXPECT_EQ(focus.type_of("EffectiveCost", "string"), ColumnType::kDecimal);
  EXPECT_EQ(focus.type_of("ChargePeriodStart", ""), ColumnType::kTimestamp);
  EXPECT_EQ(focus.type_of("Tags", ""), ColumnType::kTextMap);
  EXPECT_EQ(focus.type_of("x_Discounts", ""), ColumnType::kDecimalMap);
  EXPECT_EQ(focus.type_of("x_Anything", "double"), ColumnType::kDecimal);
  EXPECT_EQ(focus.type_of("SubAccountId", "double"), ColumnType::kText);
  EXPECT_EQ(focus.default_table(), "focus_aws");
}

}  // namespace
}  // namespace finops
