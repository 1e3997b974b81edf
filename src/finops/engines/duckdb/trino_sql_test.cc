#include "finops/engines/duckdb/trino_sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/engines/duckdb/duckdb_test_tables.h"
#include "finops/engines/duckdb/duckdb_transform_engine.h"
#include "tests/support/temp_folder.h"

namespace finops {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TrinoSqlTest : public ::testing::Test {
 protected:
  TrinoSqlTest() {
    DuckdbTransformOptions options;
    options.work_folder = folder_.path();
    options.lake_uri = "file://" + folder_.path().string();
    engine_ = make_duckdb_transform_engine(options);
    const std::vector<Column> columns = {{"id", ColumnType::kText, ""},
                                         {"amount", ColumnType::kDecimal, ""},
                                         {"number", ColumnType::kLong, ""},
                                         {"day", ColumnType::kDate, ""},
                                         {"moment", ColumnType::kTimestamp, ""}};
    engine_->show("silver", "t", table_of("t", columns, {}));
    tables_["silver.t"] = {R"("lake"."sales_silver"."t")", columns};
  }

  TrinoSelect translated(const std::string& select) { return engine_->for_trino(select, tables_); }

  std::string sql(const std::string& select) {
    const TrinoSelect result = translated(select);
    for (const auto& refusal : result.refusals) ADD_FAILURE() << select << ": " << refusal.what;
    return result.sql;
  }

  /// "7: what", of the first.
  std::string refused(const std::string& select) {
    const TrinoSelect result = translated(select);
    if (result.refusals.empty()) return "";
    return std::to_string(result.refusals.front().at) + ": " + result.refusals.front().what;
  }

  const TempFolder folder_;
  std::unique_ptr<TransformEngine> engine_;
  std::map<std::string, TrinoTable> tables_;
};

TEST_F(TrinoSqlTest, ReadsTheLakesTablesWithTheTypesOfAModel) {
  EXPECT_EQ(sql("SELECT id, max(moment) AS last FROM silver.t GROUP BY id"),
            R"(WITH
"silver.t" AS (
  SELECT "id", CAST("moment" AS timestamp(6)) AS "moment"
  FROM "lake"."sales_silver"."t"
),
"finops model" AS (
SELECT
  "id",
  max("moment") AS "last"
FROM "silver.t" AS "t"
GROUP BY "id"
)
SELECT
  CAST("id" AS varchar) AS "id",
  with_timezone(CAST("last" AS timestamp(6)), 'UTC') AS "last"
FROM "finops model"
)");
}

TEST_F(TrinoSqlTest, DeclaresTheFunctionsThatAreCalledAndCastsTheirArguments) {
  const std::string text =
      sql("SELECT decimal_quotient(sum(amount), CAST(count(*) AS DECIMAL(38,18))) AS mean "
          "FROM silver.t");
  EXPECT_THAT(text, HasSubstr("FUNCTION decimal_quotient("));
  EXPECT_THAT(text, Not(HasSubstr("FUNCTION decimal_product(")));
  EXPECT_THAT(text, HasSubstr("decimal_quotient(CAST(sum(\"amount\") AS decimal(38, 18)), "
                              "CAST(count(*) AS decimal(38, 18))) AS \"mean\""));
}

TEST_F(TrinoSqlTest, PrintsWhatDuckdbWritesOtherwise) {
  const std::string text =
      sql("FROM silver.t WHERE id == 'it''s' AND amount::DECIMAL(10,2) > 0.50 AND number < -3 "
          "AND moment < TIMESTAMP '2026-05-01 08:00:00.5' AND id NOT LIKE 'x%' AND amount < "
          "99999999999999999999.5 AND contains(id, 'a') "
          "ORDER BY id DESC LIMIT 3");
  EXPECT_THAT(text, HasSubstr(R"(("id" = 'it''s'))"));
  EXPECT_THAT(text, HasSubstr(R"((CAST("amount" AS decimal(10, 2)) > DECIMAL '0.50'))"));
  EXPECT_THAT(text, HasSubstr(R"(("number" < (-3)))"));
  EXPECT_THAT(text, HasSubstr("CAST('2026-05-01 08:00:00.5' AS timestamp(6))"));
  EXPECT_THAT(text, HasSubstr(R"(("id" NOT LIKE 'x%'))"));
  EXPECT_THAT(text, HasSubstr(R"(DECIMAL '99999999999999999999.5')"));
  EXPECT_THAT(text, HasSubstr(R"((strpos("id", 'a') > 0))"));
  EXPECT_THAT(text, HasSubstr("ORDER BY \"id\" DESC NULLS LAST\nLIMIT 3"));
}

TEST_F(TrinoSqlTest, PrintsQueriesWithinQueries) {
  const std::string text =
      sql("WITH a AS (SELECT id FROM silver.t), b(x) AS (SELECT id FROM silver.t) "
          "SELECT a.id FROM a LEFT JOIN b ON a.id = b.x WHERE EXISTS (SELECT 1 FROM b AS c) "
          "AND a.id NOT IN (SELECT x FROM b) UNION ALL (SELECT id FROM silver.t JOIN a USING (id)) "
          "EXCEPT SELECT 'z'");
  EXPECT_THAT(text, HasSubstr("WITH \"a\" AS (\n"));
  EXPECT_THAT(text, HasSubstr("\"b\"(\"x\") AS (\n"));
  EXPECT_THAT(text, HasSubstr(R"(LEFT JOIN "b" AS "b" ON ("a"."id" = "b"."x"))"));
  EXPECT_THAT(text, HasSubstr(R"((EXISTS ()"));
  EXPECT_THAT(text, HasSubstr(R"((NOT ("a"."id" IN ()"));
  EXPECT_THAT(text, HasSubstr(")\nUNION ALL\n("));
  EXPECT_THAT(text, HasSubstr(R"(JOIN "a" AS "a" USING ("id"))"));
  EXPECT_THAT(text, HasSubstr(")\nEXCEPT\n("));
}

TEST_F(TrinoSqlTest, RefusesWhatTrinoDoesNotDoTheSameWay) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"SELECT id FROM silver.t QUALIFY row_number() OVER (ORDER BY id) = 1", "64: QUALIFY; "},
      {"SELECT CAST(amount / 2 AS DECIMAL(38,18)) AS a FROM silver.t",
       "19: the operator '/'; divide with decimal_quotient"},
      {"SELECT CAST(avg(amount) AS DECIMAL(38,18)) AS a FROM silver.t",
       "12: the function avg(); functions are abs, array_agg, bool_and"},
      {"SELECT trim(id) AS a FROM silver.t", "7: the function trim()"},
      {"SELECT id FROM silver.t GROUP BY ALL", "15: GROUP BY ALL"},
      {"SELECT id FROM silver.t GROUP BY ROLLUP (id)", "15: more than one set of GROUP BY"},
      {"SELECT CAST(moment AS DATE) AS other FROM silver.t GROUP BY other",
       "60: the name 'other' of a result in another part of its query"},
      {"SELECT DISTINCT ON (id) id, amount FROM silver.t", "DISTINCT ON"},
      {"SELECT * EXCLUDE (moment) FROM silver.t", "7: a '*' that leaves out or changes columns"},
      {"SELECT TRY_CAST(id AS BIGINT) AS a FROM silver.t", "7: TRY_CAST; read texts with "},
      {"SELECT CAST(moment AS VARCHAR) AS a FROM silver.t", "7: a CAST to VARCHAR of an unknown"},
      {"SELECT CAST(id AS TIMESTAMP) AS a FROM silver.t", "7: a CAST to TIMESTAMP of what is no"},
      {"SELECT TIMESTAMP '2026-05-01 00:00:00+02' AS a FROM silver.t",
       "a CAST to TIMESTAMP of what"},
      {"SELECT CAST(id AS HUGEINT) AS a FROM silver.t", "7: a CAST to HUGEINT"},
      {"SELECT silver.t.id FROM silver.t", "7: a column with the name of its layer"},
      {"SELECT id FROM silver.t WHERE amount > 1e3", "a floating-point number"},
      {"SELECT id FROM silver.t USING SAMPLE 3", "a sample"},
      {"SELECT id FROM silver.t NATURAL JOIN (SELECT 'x' AS id) AS o", "a join that is not inner"},
      {"SELECT id FROM silver.t SEMI JOIN (SELECT 'x' AS y) AS o ON id = y", "a join that is not"},
      {"SELECT x FROM (VALUES ('a')) AS v(x)", "rows that are written in it"},
      {"SELECT CAST(range AS BIGINT) AS a FROM range(3)", "a function in FROM"},
      {"SELECT [id][1] AS a FROM silver.t", "this operator"},
      {"SELECT CAST(sum(amount) OVER (ORDER BY id ROWS 1 PRECEDING) AS DECIMAL(38,18)) AS a "
       "FROM silver.t",
       "a frame, filter or order within a window function"},
      {"SELECT lag(id) OVER (ORDER BY id) AS a FROM silver.t", "the window function lag()"},
      {"SELECT min(id ORDER BY amount) AS a FROM silver.t", "an order within min()"},
      {"SELECT 1 AS a UNION ALL BY NAME SELECT 2 AS a", "a union by name"},
      {"SELECT id FROM silver.t ORDER BY id LIMIT 10%", "a limit in percent"},
      {"SELECT id FROM silver.t WHERE moment > day - INTERVAL 3 DAY", "the function to_days()"},
  };
  for (const auto& [select, what] : cases) EXPECT_THAT(refused(select), HasSubstr(what)) << select;
}

TEST_F(TrinoSqlTest, TellsAllThatItRefuses) {
  EXPECT_EQ(translated("SELECT trim(id) AS a, CAST(number % 2 AS BIGINT) AS b, "
                       "TRY_CAST(id AS DATE) AS c FROM silver.t "
                       "QUALIFY rank() OVER (ORDER BY id) = 1")
                .refusals.size(),
            4u);
}

TEST_F(TrinoSqlTest, ANameOfAResultMayBeThatOfAColumnToo) {
  EXPECT_EQ(refused("SELECT CAST(sum(amount) AS DECIMAL(38,18)) AS amount FROM silver.t "
                    "HAVING sum(amount) > 0 ORDER BY amount"),
            "");
}

TEST_F(TrinoSqlTest, FunctionsForBothEnginesWorkInDuckdb) {
  TextSink sink;
  engine_->query(
      "SELECT finops_month(DATE '2026-05-17'), finops_month_text(TIMESTAMP '2026-05-17 08:00:00'), "
      "finops_days_between(DATE '2026-05-17', DATE '2026-04-30'), "
      "finops_percentile(array_agg(x), 0.5), finops_percentile(array_agg(x), 0), "
      "finops_percentile(array_agg(x), 1), finops_percentile(array_agg(x), 1.1), "
      "finops_text_list(array_agg(t), ', ') "
      "FROM (VALUES (3, 'b'), (NULL, NULL), (1, 'a'), (2, 'B'), (4, 'a')) AS v(x, t)",
      sink);
  EXPECT_EQ(sink.text,
            "2026-05-01|2026-05|-17|2.000000000000000000|1.000000000000000000|"
            "4.000000000000000000|NULL|B, a, a, b\n");
  TextSink empty;
  engine_->query(
      "SELECT finops_percentile(array_agg(x), 0.5), finops_text_list(array_agg(t), ',') "
      "FROM (SELECT NULL::DECIMAL(9,2) AS x, NULL::VARCHAR AS t)",
      empty);
  EXPECT_EQ(empty.text, "NULL|NULL\n");
}

}  // namespace
}  // namespace finops
