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

class ColumnsByNameTest : public ::testing::Test {
 protected:
  ColumnsByNameTest() {
    table_.partition_by = {"source", "billing_period"};
    for (lake::LakeFile& file : table_.files) {
      file.columns = lake::columns_mark(table_.schema.columns);
      file.partition = {"payer-a", "2026-05"};
    }
  }
  std::string query() const {
    const std::string sql = view_query(table_);
    return sql.substr(sql.find("], ") + 3);
  }
  static constexpr const char* kFolder = "/lake/t/data/source=payer-a/billing_period=2026-05/";
  static constexpr const char* kByName = "hive_partitioning = false)";
  static constexpr const char* kById = "hive_partitioning = false, schema = ";

  lake::TableView table_ = table_of(
      "t", {column(1, "source"), column(2, "billing_period"), column(3, "Cost_1")},
      {std::string(kFolder) + "x.parquet", std::string("file://") + kFolder + "y.parquet"});
};

TEST_F(ColumnsByNameTest, FilesThatHaveThemAllAreReadByNameAndByFolder) {
  EXPECT_EQ(query(),
            "hive_partitioning = true, hive_types = {'source': 'VARCHAR', 'billing_period': "
            "'VARCHAR'})");
}

TEST_F(ColumnsByNameTest, ColumnsThatAFileMayNotHaveAreFoundById) {
  const auto by_id = [&] { return query().starts_with(kById); };
  EXPECT_FALSE(by_id());
  table_.files[1].columns = lake::columns_mark({column(1, "source"), column(2, "billing_period")});
  EXPECT_TRUE(by_id());
  table_.files[1].columns = 0;
  EXPECT_TRUE(by_id());
}

TEST_F(ColumnsByNameTest, FilesOfABucketAreNotOpenedToMakeTheView) {
  table_.files[1].uri = "s3://bucket" + std::string(kFolder) + "y.parquet";
  EXPECT_TRUE(query().starts_with(kById));
}

TEST_F(ColumnsByNameTest, ColumnsThatHadAnotherNameAreFoundById) {
  table_.has_changed_columns = true;
  EXPECT_TRUE(query().starts_with(kById));
}

TEST_F(ColumnsByNameTest, NamesThatOtherWritersChangeAreFoundById) {
  for (const char* name : {"user:team", "1st", "a b"}) {
    table_.schema.columns[2].name = name;
    EXPECT_TRUE(query().starts_with(kById)) << name;
  }
}

TEST_F(ColumnsByNameTest, FoldersAreReadOnlyWhereTheyNameThePartitionAndNothingElse) {
  const std::string good = table_.files[1].uri;
  for (const char* uri : {"/lake/t/data/x.parquet", "/lake/t/data/source=payer-a/x.parquet",
                          "/lake/t/data/source=payer-b/billing_period=2026-05/x.parquet",
                          "/lake/t/data/source=payer-a/billing_period=2026-05/more/x.parquet",
                          "/team=a/t/data/source=payer-a/billing_period=2026-05/x.parquet"}) {
    table_.files[1].uri = uri;
    EXPECT_EQ(query(), kByName) << uri;
  }
  table_.files[1].uri = good;
  for (const char* value : {"a b", "a%20b", "__HIVE_DEFAULT_PARTITION__", ""}) {
    table_.files[1].partition.values[0] = value;
    table_.files[1].uri =
        "/lake/t/data/source=" + std::string(value) + "/billing_period=2026-05/x.parquet";
    EXPECT_EQ(query(), kByName) << value;
  }
  table_.partition_by.clear();
  EXPECT_EQ(query(), kByName);
}

}  // namespace
}  // namespace finops::duckdb_sql
