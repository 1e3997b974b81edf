#include "finops/diff/bill_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/engines/duckdb/duckdb_engine.h"
#include "finops/engines/duckdb/duckdb_test_tables.h"
#include "tests/support/temp_folder.h"

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::Key;
using ::testing::UnorderedElementsAre;

constexpr const char* kCost = "line_item_unblended_cost";
constexpr const char* kCurrency = "line_item_currency_code";

/// Two deliveries as Parquet files of SELECTs; the field ids are those of `columns`.
class BillDiffTest : public ::testing::Test {
 protected:
  BillDiff compare(const std::string& before, const std::string& after, std::size_t limit = 0) {
    const auto before_table = table("before", before), after_table = table("after", after);
    const auto engine = make_duckdb_engine({before_table, after_table});
    return compare_bills(*engine,
                         {.before = "billing.\"before\"",
                          .after = "billing.\"after\"",
                          .schema = before_table.schema,
                          .cost_column = kCost,
                          .currency_column = kCurrency},
                         limit, {});
  }

  lake::TableView table(const std::string& name, const std::string& select) {
    std::string ids;
    for (const Column& one : columns) {
      ids += (ids.empty() ? "{" : ", ") + quoted_identifier(one.name) + ": ";
      ids += one.key_id == 0 ? std::to_string(one.field_id)
                             : "{__duckdb_field_id: " + std::to_string(one.field_id) +
                                   ", key: " + std::to_string(one.key_id) +
                                   ", value: " + std::to_string(one.value_id) + "}";
    }
    const std::string path = folder_ / (name + ".parquet");
    write_parquet(path, select, ids + "}");
    return table_of(name, columns, {path});
  }

  std::vector<Column> columns = {column(1, kCost, ColumnType::kDecimal), column(2, kCurrency),
                                 column(3, "line_item_line_item_type")};
  const TempFolder folder_;
};

std::string rows(const std::string& values) {
  return "SELECT c::DECIMAL(38,18) AS line_item_unblended_cost, k AS line_item_currency_code, "
         "t AS line_item_line_item_type FROM (VALUES " +
         values + ") v(c, k, t)";
}

TEST_F(BillDiffTest, SumsThatLeave38DigitsStayExact) {
  std::string many;
  for (int i = 0; i < 300; ++i) {
    many += std::string(i > 0 ? ", " : "") +
            "('99999999999999999999.999999999999999999', 'USD', 'Usage')";
  }
  const BillDiff diff = compare(rows("('0.000000000000000001', 'USD', 'Tax')"), rows(many));
  EXPECT_THAT(diff.currencies, ElementsAre(Key("USD")));
  const CurrencyDiff& usd = diff.currencies.at("USD");
  EXPECT_EQ(usd.total.after.to_string(), "29999999999999999999999.9999999999999997");
  EXPECT_EQ(usd.total.difference().to_string(), "29999999999999999999999.999999999999999699");
  EXPECT_EQ(usd.causes.at(Cause::kTax).at(LineChangeKind::kGone).change.difference().to_string(),
            "-0.000000000000000001");
}

TEST_F(BillDiffTest, ColumnsThatATableLacksAreMissingAndNoCurrencyIsMixed) {
  const BillDiff diff = compare(rows("(1, 'USD', 'Usage'), (2, 'EUR', 'Usage'), (9, NULL, NULL)"),
                                rows("(1, 'USD', 'Usage'), (5, 'EUR', 'Usage'), (9, NULL, NULL)"));
  EXPECT_THAT(diff.currencies, ElementsAre(Key(""), Key("EUR"), Key("USD")));
  EXPECT_TRUE(diff.currencies.at("USD").kinds.empty());
  EXPECT_TRUE(diff.currencies.at("").lines.largest.empty());
  const CurrencyDiff& eur = diff.currencies.at("EUR");
  EXPECT_EQ(eur.total.difference().to_string(), "3");
  ASSERT_EQ(eur.dimensions.at("account").largest.size(), 1u);
  EXPECT_EQ(eur.dimensions.at("account").largest[0].key, std::nullopt);
  EXPECT_EQ(eur.dimensions.at("type").largest[0].key, "Usage");
  EXPECT_THAT(diff.key_names, ElementsAre("type"));
  ASSERT_EQ(eur.lines.largest.size(), 1u);
  EXPECT_EQ(eur.lines.largest[0].cause, Cause::kReRating);
}

TEST_F(BillDiffTest, OfTagsTheColumnAndTheMapAreOneKeyAndARowCountsOnce) {
  columns.push_back(column(4, "resource_tags_user_team"));
  columns.push_back({.name = "resource_tags",
                     .type = ColumnType::kTextMap,
                     .doc = "resource_tags",
                     .field_id = 5,
                     .key_id = 6,
                     .value_id = 7});
  const auto tagged = [](const std::string& values) {
    return "SELECT c::DECIMAL(38,18) AS line_item_unblended_cost, 'USD' AS "
           "line_item_currency_code, 'Usage' AS line_item_line_item_type, "
           "n::VARCHAR AS resource_tags_user_team, m::MAP(VARCHAR, VARCHAR) AS resource_tags FROM "
           "(VALUES " +
           values + ") v(c, n, m)";
  };
  const BillDiff diff = compare(
      tagged("(1, 'red', NULL), (2, NULL, NULL)"),
      tagged("(3, 'red', MAP {'user_team': 'red', 'user_new': ''}), (4, NULL, MAP {'user_team': "
             "'blue'})"));
  const auto& tags = diff.currencies.at("USD").tags;
  EXPECT_THAT(tags, UnorderedElementsAre(Key("user_team")));
  const auto& values = tags.at("user_team").largest;
  ASSERT_EQ(values.size(), 3u);
  EXPECT_EQ(values[0].key, "blue");
  EXPECT_EQ(values[0].change.difference().to_string(), "4");
  EXPECT_EQ(values[1].key, std::nullopt);
  EXPECT_EQ(values[1].change.difference().to_string(), "-2");
  EXPECT_EQ(values[2].key, "red");
  EXPECT_EQ(values[2].change.difference().to_string(), "2");
}

TEST_F(BillDiffTest, WhatIsBeyondTheLimitIsOneSum) {
  const BillDiff diff = compare(rows("(1, 'USD', 'A')"),
                                rows("(2, 'USD', 'A'), (3, 'USD', 'B'), (4, 'USD', 'C')"), 1);
  const auto& types = diff.currencies.at("USD").dimensions.at("type");
  ASSERT_EQ(types.largest.size(), 1u);
  EXPECT_EQ(types.largest[0].key, "C");
  EXPECT_EQ(types.other_items, 2u);
  EXPECT_EQ(types.others.difference().to_string(), "4");
  EXPECT_EQ(diff.currencies.at("USD").lines.other_items, 2u);
}

}  // namespace
}  // namespace finops
