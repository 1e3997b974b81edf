#include "finops/engines/duckdb/duckdb_transform_engine.h"

#include <gtest/gtest.h>

#include <fstream>

#include "finops/engines/duckdb/duckdb_test_tables.h"
#include "tests/support/temp_folder.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

class DuckdbTransformEngineTest : public ::testing::Test {
 protected:
  DuckdbTransformEngineTest() {
    DuckdbTransformOptions options;
    options.work_folder = folder_.path();
    options.lake_uri = "file://" + lake_.path().string();
    engine_ = make_duckdb_transform_engine(options);
  }

  std::string rows(const std::string& select) {
    TextSink sink;
    engine_->query(select, sink);
    return sink.text;
  }

  const TempFolder folder_, lake_;
  std::unique_ptr<TransformEngine> engine_;
};

const std::string kAllTypes =
    "SELECT 'x' AS text, 1.5::DECIMAL(10,2) AS amount, 7::HUGEINT AS huge, 3 AS number, true AS "
    "yes, "
    "DATE '2025-07-03' AS day, TIMESTAMP '2025-07-03 04:05:06.7' AS moment";

TEST_F(DuckdbTransformEngineTest, WritesTablesThatItThenShows) {
  auto columns = engine_->columns_of(kAllTypes);
  std::vector<ColumnType> types;
  int id = 0;
  for (auto& column : columns) {
    types.push_back(column.type);
    column.field_id = ++id;
  }
  EXPECT_EQ(types, (std::vector{ColumnType::kText, ColumnType::kDecimal, ColumnType::kDecimal,
                                ColumnType::kLong, ColumnType::kBoolean, ColumnType::kDate,
                                ColumnType::kTimestamp}));
  const std::string path = lake_ / "1.parquet";
  EXPECT_EQ(engine_->write_parquet(kAllTypes, columns, path), 1);
  engine_->show("silver", "events", table_of("events", columns, {"file://" + path}));
  EXPECT_EQ(rows("FROM silver.events"),
            "x|1.500000000000000000|7.000000000000000000|3|true|2025-07-03|"
            "2025-07-03 04:05:06.7\n");
  engine_->show("silver", "events", table_of("events", columns, {}));
  EXPECT_EQ(rows("SELECT count(*), any_value(typeof(moment)) FROM silver.events"), "0|NULL\n");
}

TEST_F(DuckdbTransformEngineTest, ReadsTextsAsTheRestOfFinopsDoes) {
  EXPECT_EQ(rows("SELECT read_decimal(t) FROM (VALUES ('1e-3'), ('-0.0000000000000000015'), "
                 "('12 '), ('abc'), (''), (NULL), ('100000000000000000000')) AS v(t)"),
            "0.001000000000000000\n-0.000000000000000002\nNULL\nNULL\nNULL\nNULL\nNULL\n");
  EXPECT_EQ(rows("SELECT read_timestamp('2025-07-03T04:05:00Z'), read_timestamp('2025-07-03'), "
                 "read_timestamp('2025-07-32')"),
            "2025-07-03 04:05:00|2025-07-03 00:00:00|NULL\n");
  EXPECT_EQ(rows("SELECT read_date('2025-07-03'), read_date('1969-12-31'), "
                 "read_date('2025-07-03T00:00:00Z'), read_date('20250703')"),
            "2025-07-03|1969-12-31|NULL|NULL\n");
  EXPECT_EQ(rows("SELECT read_text(' \ta b\t '), read_text(' \t'), read_text(''), read_text(NULL), "
                 "read_text('a text of more than twelve bytes ')"),
            "a b|NULL|NULL|NULL|a text of more than twelve bytes\n");
  EXPECT_EQ(rows("SELECT read_boolean('True'), read_boolean('FALSE'), read_boolean('yes')"),
            "true|false|NULL\n");
}

TEST_F(DuckdbTransformEngineTest, KeepsQueriesAndRows) {
  engine_->keep("kept", "SELECT 1 AS a UNION ALL SELECT 2");
  EXPECT_EQ(rows("SELECT sum(a) FROM kept"), "3\n");
  const std::vector<Column> columns = {column(1, "name"), column(2, "score", ColumnType::kDecimal),
                                       column(3, "is_odd", ColumnType::kBoolean),
                                       column(4, "n", ColumnType::kLong)};
  std::int64_t left = 5'000;  // more than one chunk
  engine_->keep_rows("scores", columns, [&]() -> std::optional<TransformRow> {
    if (left-- == 0) return std::nullopt;
    const bool is_odd = left % 2 == 1;
    return TransformRow{is_odd ? TransformCell("name " + std::to_string(left)) : TransformCell(),
                        Decimal::from_unscaled(left), is_odd, left};
  });
  EXPECT_EQ(rows("SELECT count(*), count(name), sum(score), sum(n), count(*) FILTER (is_odd), "
                 "max(name) FROM scores"),
            "5000|2500|0.000000000012497500|12497500|2500|name 999\n");
  engine_->forget("scores");
  EXPECT_EQ(kind_thrown_by([&] { rows("FROM scores"); }), ErrorKind::kUsage);
}

TEST_F(DuckdbTransformEngineTest, CalculatesWithFunctionsOfOurs) {
  const std::vector<Column> columns = {column(1, "twice", ColumnType::kDecimal),
                                       column(2, "is_large", ColumnType::kBoolean),
                                       column(3, "rank", ColumnType::kLong)};
  engine_->define("judge", columns, [](std::int64_t number, Decimal amount, TransformRow& result) {
    if (number == 9) throw Error(ErrorKind::kInvalidData, "nine is not known");
    result[0] = amount + amount;
    result[1] = number > 1;
    if (number > 0) result[2] = number + 1;
  });
  EXPECT_EQ(rows("SELECT s.twice, s.is_large, s.rank FROM (SELECT judge(n, a) AS s FROM (VALUES "
                 "(0, 1.5::DECIMAL(38,18)), (2, -0.25), (NULL, 1), (1, NULL)) AS v(n, a))"),
            "3.000000000000000000|false|NULL\n-0.500000000000000000|true|3\n"
            "NULL|NULL|NULL\nNULL|NULL|NULL\n");
  EXPECT_EQ(rows("SELECT sum(judge(i, 1::DECIMAL(38,18)).rank) FROM range(10, 100010) AS t(i)"),
            "5001050000\n");
  EXPECT_NE(std::string(error_thrown_by([&] { rows("SELECT judge(9, 1::DECIMAL(38,18))"); }).what())
                .find("nine is not known"),
            std::string::npos);
}

TEST_F(DuckdbTransformEngineTest, TellsWhatAQueryReads) {
  engine_->show("silver", "events", table_of("events", {column(1, "a")}, {}));
  engine_->show("gold", "mart", table_of("mart", {column(1, "a")}, {}));
  EXPECT_EQ(
      engine_->tables_of("WITH e AS (FROM silver.events) SELECT * FROM e JOIN gold.mart USING (a)"),
      (std::vector<std::string>{"gold.mart", "silver.events"}));
  EXPECT_EQ(engine_->tables_of("SELECT 1"), std::vector<std::string>());
}

TEST_F(DuckdbTransformEngineTest, RefusesWhatLosesOrLeavesItsFolders) {
  const std::string advice =
      error_thrown_by([&] { engine_->columns_of("SELECT 1::DOUBLE AS rate"); }).what();
  EXPECT_NE(advice.find("decimal_quotient()"), std::string::npos) << advice;
  EXPECT_EQ(kind_thrown_by([&] { engine_->columns_of("SELECT [1] AS list"); }),
            ErrorKind::kUnsupported);
  const TempFolder elsewhere;
  std::ofstream(elsewhere / "secret.csv") << "a\n1\n";
  EXPECT_EQ(kind_thrown_by([&] { rows("FROM read_csv('" + (elsewhere / "secret.csv") + "')"); }),
            ErrorKind::kUsage);
  EXPECT_EQ(kind_thrown_by([&] { rows("DROP VIEW x"); }), ErrorKind::kUsage);
  EXPECT_ANY_THROW(
      engine_->write_parquet("SELECT 1 AS a", {column(1, "a")}, elsewhere / "x.parquet"));
}

}  // namespace
}  // namespace finops
