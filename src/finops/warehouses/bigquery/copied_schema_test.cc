#include "finops/warehouses/bigquery/copied_schema.h"

#include <gmock/gmock.h>

namespace finops::bigquery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Json fields(const char* text) { return Json::parse(text); }

TEST(CopiedSchemaTest, ACopyTakesWhateverItsSourceTakes) {
  EXPECT_EQ(copied_fields(fields(R"([
      {"name": "id", "type": "INT64", "mode": "REQUIRED", "description": "which"},
      {"name": "code", "type": "STRING", "maxLength": "3", "policyTags": {"names": ["x"]}},
      {"name": "cost", "type": "NUMERIC", "precision": "10", "scale": "2"},
      {"name": "labels", "type": "STRUCT", "mode": "REPEATED", "fields": [
          {"name": "key", "type": "STRING", "mode": "REQUIRED"}]}])")),
            fields(R"([
      {"name": "id", "type": "INTEGER", "mode": "NULLABLE", "description": "which"},
      {"name": "code", "type": "STRING", "mode": "NULLABLE"},
      {"name": "cost", "type": "NUMERIC", "mode": "NULLABLE"},
      {"name": "labels", "type": "RECORD", "mode": "REPEATED", "fields": [
          {"name": "key", "type": "STRING", "mode": "NULLABLE"}]}])"));
}

TEST(CopiedSchemaTest, NewColumnsAreAddedAlsoInRecords) {
  const MergedFields merged =
      merge_fields(fields(R"([{"name": "old", "type": "STRING"},
                 {"name": "service", "type": "RECORD", "fields": [{"name": "id", "type": "STRING"}]}])"),
                   fields(R"([{"name": "Service", "type": "STRUCT", "fields": [
                     {"name": "id", "type": "STRING"}, {"name": "kind", "type": "STRING"}]},
                 {"name": "price", "type": "NUMERIC", "mode": "REQUIRED"}])"));
  EXPECT_THAT(merged.added, ElementsAre("Service.kind", "price"));
  EXPECT_THAT(merged.conflicts, IsEmpty());
  ASSERT_EQ(merged.fields.size(), 3u);
  EXPECT_EQ(merged.fields[0]["name"], "old");
  EXPECT_EQ(merged.fields[1]["fields"][1]["name"], "kind");
  EXPECT_EQ(merged.fields[2]["mode"], "NULLABLE");
}

TEST(CopiedSchemaTest, WhatDoesNotFitIsNamed) {
  const Json copy = fields(R"([
      {"name": "cost", "type": "FLOAT64"}, {"name": "names", "type": "STRING"},
      {"name": "a", "type": "RECORD", "fields": [{"name": "x", "type": "STRING"}, {"name": "y", "type": "STRING"}]},
      {"name": "b", "type": "RECORD", "fields": [{"name": "x", "type": "STRING"}, {"name": "y", "type": "STRING"}]}])");
  const MergedFields merged = merge_fields(copy, fields(R"([
      {"name": "cost", "type": "STRING"}, {"name": "names", "type": "STRING", "mode": "REPEATED"},
      {"name": "a", "type": "RECORD", "fields": [{"name": "x", "type": "STRING"}]},
      {"name": "b", "type": "RECORD", "fields": [{"name": "y", "type": "STRING"}, {"name": "x", "type": "STRING"}]}])"));
  EXPECT_THAT(merged.conflicts,
              ElementsAre("cost is STRING in the source and FLOAT in the copy",
                          "names is REPEATED STRING in the source and STRING in the copy",
                          "a.y is in the copy only", HasSubstr("b.x has another place")));
}

}  // namespace
}  // namespace finops::bigquery
