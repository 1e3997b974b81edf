#include "finops/warehouses/bigquery/bigquery_schema.h"

#include <gmock/gmock.h>

namespace finops::bigquery {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(BigQuerySchemaTest, KeepsDecimalsExactAndMapsAsPairs) {
  const Json cost = field_of({.name = "cost", .type = ColumnType::kDecimal});
  EXPECT_EQ(cost, Json({{"name", "cost"},
                        {"type", "BIGNUMERIC"},
                        {"mode", "NULLABLE"},
                        {"precision", "38"},
                        {"scale", "18"}}));
  const Json tags = field_of({.name = "tags", .type = ColumnType::kTextMap});
  EXPECT_EQ(tags["mode"], "REPEATED");
  EXPECT_EQ(tags["fields"][0]["name"], "key");
  EXPECT_EQ(tags["fields"][1]["type"], "STRING");
  EXPECT_EQ(sql_type_of({.name = "d", .type = ColumnType::kDecimalMap}),
            "ARRAY<STRUCT<key STRING, value BIGNUMERIC(38, 18)>>");
  EXPECT_EQ(sql_type_of({.name = "line", .type = ColumnType::kLong}), "INT64");
}

TEST(BigQuerySchemaTest, NamesAreThoseThatBigQueryAllows) {
  EXPECT_EQ(column_name_of("line_item_unblended_cost"), "line_item_unblended_cost");
  EXPECT_EQ(column_name_of("BilledCost"), "BilledCost");
  EXPECT_EQ(column_name_of("resource tags/ä"), "resource_tags___");
  EXPECT_EQ(column_name_of("1st"), "c_1st");
  EXPECT_EQ(column_name_of("_PARTITIONTIME"), "c__PARTITIONTIME");
  EXPECT_EQ(column_name_of("_Table_x"), "c__Table_x");
  EXPECT_EQ(column_name_of(""), "c_");
  const std::string longest(300, 'a');
  EXPECT_EQ(column_name_of(longest), longest);
  EXPECT_EQ(column_name_of(longest + "b").size(), 300u);
  EXPECT_NE(column_name_of(longest + "b"), column_name_of(longest + "c"));
}

TEST(BigQuerySchemaTest, ComparesWhatIsThereByNameInAnyCaseAndByType) {
  const std::vector<Column> columns = {{.name = "cost", .type = ColumnType::kDecimal},
                                       {.name = "tags", .type = ColumnType::kTextMap},
                                       {.name = "new", .type = ColumnType::kText}};
  Json fields = fields_of({columns[0], columns[1]});
  fields[0]["name"] = "Cost";
  fields[0].erase("precision");  // as a table that somebody else made has it
  const SchemaDifference good = compare_fields(fields, columns);
  EXPECT_THAT(good.conflicts, IsEmpty());
  ASSERT_EQ(good.missing.size(), 1u);
  EXPECT_EQ(good.missing[0].name, "new");

  fields[0]["type"] = "FLOAT64";
  fields[1]["mode"] = "NULLABLE";
  EXPECT_THAT(compare_fields(fields, columns).conflicts,
              ElementsAre("cost is FLOAT and not BIGNUMERIC",
                          "tags is RECORD (key STRING value STRING) and not REPEATED RECORD (key "
                          "STRING value STRING)"));
}

}  // namespace
}  // namespace finops::bigquery
