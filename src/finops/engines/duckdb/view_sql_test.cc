#include "finops/engines/duckdb/view_sql.h"

#include <gtest/gtest.h>

#include "finops/engines/duckdb/duckdb_test_tables.h"
#include "tests/support/thrown.h"

namespace finops::duckdb_sql {
namespace {

TEST(ViewSqlTest, QuotesNamesAndTexts) {
  EXPECT_EQ(quoted_identifier("a \"b\""), "\"a \"\"b\"\"\"");
  EXPECT_EQ(quoted_literal("it's"), "'it''s'");
}

TEST(ViewSqlTest, TakesThePathsOfFileUrisAsTheyAre) {
  EXPECT_EQ(readable_path("file:///a/b%20c"), "/a/b%20c");
  EXPECT_EQ(readable_path("file:/a"), "/a");
  EXPECT_EQ(readable_path("/a"), "/a");
  EXPECT_EQ(readable_path("s3://bucket/a%20key"), "s3://bucket/a%20key");
  EXPECT_EQ(readable_path("s3a://bucket/key"), "s3://bucket/key");
  EXPECT_EQ(kind_thrown_by([] { readable_path("gs://bucket/key"); }), ErrorKind::kUnsupported);
}

TEST(ViewSqlTest, MakesPatternsThatMatchOnePath) {
  EXPECT_EQ(exact_pattern("/a/b.parquet"), "/a/b.parquet");
  EXPECT_EQ(exact_pattern("/a[1]/*?.parquet"), "/a[[]1]/[*][?].parquet");
  EXPECT_EQ(exact_pattern("/a\\b"), "/a\\b");
  EXPECT_EQ(kind_thrown_by([] { exact_pattern("/a\\b*"); }), ErrorKind::kUnsupported);
}

TEST(ViewSqlTest, FindsColumnsByFieldId) {
  const auto table = table_of("t", {column(7, "a"), column(9, "when", ColumnType::kTimestamp)},
                              {"file:///lake/x.parquet"});
  EXPECT_EQ(view_query(table),
            "SELECT \"a\", make_timestamp(epoch_us(\"when\")) AS \"when\" FROM "
            "read_parquet(['/lake/x.parquet'], hive_partitioning = false, schema = "
            "'{7={name: \"a\", type: \"VARCHAR\", default_value: NULL}, "
            "9={name: \"when\", type: \"TIMESTAMPTZ\", default_value: NULL}}'"
            "::MAP(INTEGER, STRUCT(name VARCHAR, type VARCHAR, default_value VARCHAR)))");
}

}  // namespace
}  // namespace finops::duckdb_sql
