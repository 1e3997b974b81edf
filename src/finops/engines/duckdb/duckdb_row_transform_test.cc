#include "finops/engines/duckdb/duckdb_row_transform.h"

#include <gmock/gmock.h>

#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::HasSubstr;

const std::vector<RowColumn> kColumns = {
    {.name = "id", .type = "INTEGER"},
    {.name = "at", .type = "TIMESTAMP"},
    {.name = "cost", .type = "FLOAT"},
    {.name = "amount", .type = "NUMERIC"},
    {.name = "service", .type = "RECORD", .parts = {{.name = "Id", .type = "STRING"}}},
    {.name = "labels",
     .type = "RECORD",
     .is_repeated = true,
     .parts = {{.name = "key", .type = "STRING"}, {.name = "share", .type = "FLOAT"}}},
    {.name = "is_tax", .type = "BOOLEAN"},
    {.name = "extra", .type = "JSON"}};

const std::string kRow =
    R"({"id":"9223372036854775807","at":"2025-06-01 01:02:03.004567+00:00",)"
    R"("cost":0.30000000000000004,"amount":"-99999999999999999999999999999.999999999",)"
    R"("service":{"Id":"a\"b"},"labels":[{"key":"k","share":"NaN"},{"key":null,"share":null}],)"
    R"("is_tax":true,"extra":{"a":[1]}})"
    "\n";
const std::string kEmptyRow =
    R"({"id":null,"at":null,"cost":null,"amount":null,"service":null,"labels":[],)"
    R"("is_tax":null,"extra":null})"
    "\n";

std::string applied(const std::string& sql, const std::string& lines) {
  const auto transform = make_duckdb_row_transform({.sql = sql, .name = "'t.sql'"});
  transform->begin(kColumns);
  std::string out;
  transform->apply(lines, out);
  std::string again;
  EXPECT_EQ(transform->apply("", again), 0u) << "a batch was kept";
  return out;
}

Error refusal(const std::string& sql) {
  return error_thrown_by([&] { applied(sql, ""); });
}

TEST(DuckdbRowTransformTest, WhatIsNotChangedIsExact) {
  EXPECT_EQ(applied("SELECT * FROM batch;\n", kRow + kEmptyRow),
            R"({"id":"9223372036854775807","at":"2025-06-01 01:02:03.004567+00",)"
            R"("cost":0.30000000000000004,"amount":"-99999999999999999999999999999.999999999",)"
            R"("service":{"Id":"a\"b"},"labels":[{"key":"k","share":"NaN"},)"
            R"({"key":null,"share":null}],"is_tax":true,"extra":{"a":[1]}})"
            "\n" +
                kEmptyRow);
}

TEST(DuckdbRowTransformTest, ColumnsAreReplacedInAnyOrder) {
  const std::string out = applied(
      "SELECT cost * 2 AS cost, * EXCLUDE (cost, service), {'Id': upper(service.Id)} AS service "
      "FROM batch -- the end",
      kRow);
  EXPECT_THAT(out, HasSubstr(R"("cost":0.6000000000000001,)"));
  EXPECT_THAT(out, HasSubstr(R"("service":{"Id":"A\"B"})"));
}

TEST(DuckdbRowTransformTest, OtherColumnsAreNamed) {
  const Error error =
      refusal("SELECT * EXCLUDE (id, cost), CAST(cost AS VARCHAR) AS cost, 1 AS more FROM batch");
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
  EXPECT_THAT(error.what(), HasSubstr("'t.sql'"));
  EXPECT_THAT(error.what(), HasSubstr("id is missing"));
  EXPECT_THAT(error.what(), HasSubstr("cost is VARCHAR and not DOUBLE"));
  EXPECT_THAT(error.what(), HasSubstr("more is no column of the table"));
  EXPECT_THAT(refusal("SELECT *, id FROM batch").what(), HasSubstr("'t.sql'"));
}

TEST(DuckdbRowTransformTest, SeesTheBatchAndNothingElse) {
  for (const char* sql :
       {"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "ATTACH 'x.db'",
        "SELECT 1; SELECT 2", "COPY batch TO '/tmp/x'", "DELETE FROM arriving", "SELECT * FROM",
        "SET enable_external_access = true", ""}) {
    EXPECT_EQ(refusal(sql).kind(), ErrorKind::kInvalidConfig) << sql;
  }
}

TEST(DuckdbRowTransformTest, OnlyItsFirstLineAllowsRowsToChange) {
  const auto may = [](const std::string& sql) {
    return make_duckdb_row_transform({.sql = sql, .name = "x"})->may_change_rows();
  };
  EXPECT_TRUE(may("-- rows may change\nSELECT * FROM batch"));
  EXPECT_TRUE(may("-- rows may change \r\nSELECT * FROM batch"));
  EXPECT_FALSE(may("SELECT * FROM batch -- rows may change"));
  EXPECT_FALSE(may("-- rows may changelessly be kept\nSELECT 1"));
}

TEST(DuckdbRowTransformTest, ValuesThatDoNotFitAreAnErrorAndNotNull) {
  for (const char* bad : {R"({"id":"x"})", R"({})", "x"}) {
    const auto transform = make_duckdb_row_transform({.sql = "SELECT * FROM batch", .name = "x"});
    transform->begin({{.name = "id", .type = "INTEGER"}});
    std::string out;
    EXPECT_EQ(kind_thrown_by([&] { transform->apply(bad, out); }), ErrorKind::kInvalidData) << bad;
  }
}

}  // namespace
}  // namespace finops
