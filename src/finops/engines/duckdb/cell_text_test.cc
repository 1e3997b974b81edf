#include "finops/engines/duckdb/cell_text.h"

#include <gtest/gtest.h>

#include "finops/engines/duckdb/duckdb_engine.h"
#include "finops/engines/duckdb/duckdb_test_tables.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

std::string shown(const std::string& expression) {
  const auto engine = make_duckdb_engine({});
  std::string text = rows_of(*engine, "SELECT " + expression);
  text.pop_back();
  return text;
}

ResultColumn column_of(const std::string& expression) {
  TextSink sink;
  make_duckdb_engine({})->query("SELECT " + expression + " AS x", sink);
  return sink.columns_.at(0);
}

TEST(CellTextTest, IntegersOfEverySize) {
  EXPECT_EQ(
      shown(
          "(-128)::TINYINT, 32767::SMALLINT, (-2147483648)::INTEGER, 9223372036854775807::BIGINT"),
      "-128|32767|-2147483648|9223372036854775807");
  EXPECT_EQ(
      shown("255::UTINYINT, 65535::USMALLINT, 4294967295::UINTEGER, 18446744073709551615::UBIGINT"),
      "255|65535|4294967295|18446744073709551615");
  EXPECT_EQ(shown("(-170141183460469231731687303715884105728)::HUGEINT, 0::HUGEINT, "
                  "340282366920938463463374607431768211455::UHUGEINT"),
            "-170141183460469231731687303715884105728|0|340282366920938463463374607431768211455");
}

TEST(CellTextTest, DecimalsOfEveryWidthAreExact) {
  EXPECT_EQ(
      shown("0.1::DECIMAL(3,1), -0.05::DECIMAL(9,2), 12345678.9::DECIMAL(18,1), 7::DECIMAL(5,0)"),
      "0.1|-0.05|12345678.9|7");
  EXPECT_EQ(shown("'99999999999999999999.999999999999999999'::DECIMAL(38,18), "
                  "'-0.000000000000000001'::DECIMAL(38,18), 0::DECIMAL(38,18)"),
            "99999999999999999999.999999999999999999|-0.000000000000000001|0.000000000000000000");
}

TEST(CellTextTest, FloatingPointNumbersAreTheShortestThatGiveThemBack) {
  EXPECT_EQ(
      shown("0.1::DOUBLE, 1::DOUBLE, 1e300::DOUBLE, -2.5::FLOAT, 'nan'::DOUBLE, 'inf'::FLOAT, "
            "'-inf'::DOUBLE"),
      "0.1|1.0|1e+300|-2.5|nan|inf|-inf");
}

TEST(CellTextTest, TextsBooleansAndNulls) {
  EXPECT_EQ(shown("'', 'ü\n|', true, false, NULL, NULL::DECIMAL(38,18)"),
            "|ü\n||true|false|NULL|NULL");
  EXPECT_EQ(shown("'\\x00a\\xFF\\x5C'::BLOB"), "\\x00a\\xFF\\x5C");
  EXPECT_EQ(shown("'b'::ENUM('a','b'), '00112233-4455-6677-8899-aabbccddeeff'::UUID"),
            "b|00112233-4455-6677-8899-aabbccddeeff");
}

TEST(CellTextTest, TimesAreIsoInUtc) {
  EXPECT_EQ(shown("DATE '2026-05-31', DATE '0001-01-01', TIME '23:59:59.5', DATE '1969-12-31'"),
            "2026-05-31|0001-01-01|23:59:59.5|1969-12-31");
  EXPECT_EQ(shown("TIMESTAMP '2026-05-31 23:59:59', TIMESTAMP '2026-05-31 00:00:00.000001', "
                  "TIMESTAMP '1969-12-31 23:59:59.999999'"),
            "2026-05-31 23:59:59|2026-05-31 00:00:00.000001|1969-12-31 23:59:59.999999");
  EXPECT_EQ(
      shown("TIMESTAMPTZ '2026-05-31 23:59:59-05:00', TIMESTAMP_S '2026-01-02 03:04:05', "
            "TIMESTAMP_MS '2026-01-02 03:04:05.120', TIMESTAMP_NS '2026-01-02 03:04:05.123456789'"),
      "2026-06-01 04:59:59+00|2026-01-02 03:04:05|2026-01-02 03:04:05.12|"
      "2026-01-02 03:04:05.123456789");
  EXPECT_EQ(shown("'infinity'::TIMESTAMP, '-infinity'::TIMESTAMP"), "infinity|-infinity");
}

TEST(CellTextTest, IntervalsAreAsDuckdbWritesThem) {
  for (const char* interval : {"INTERVAL 14 MONTH", "INTERVAL 3 DAY", "INTERVAL '1 day 02:03:04.5'",
                               "INTERVAL '-90' SECOND", "INTERVAL 0 SECOND", "INTERVAL 1 YEAR"}) {
    const std::string as_is = shown(interval);
    EXPECT_EQ(as_is, shown("CAST(" + std::string(interval) + " AS VARCHAR)"));
  }
}

TEST(CellTextTest, NestedValuesAreJson) {
  EXPECT_EQ(shown("MAP {'k': 'v', 'q\"\\': NULL}"), R"({"k": "v", "q\"\\": null})");
  EXPECT_EQ(shown("MAP {'d': 1.5::DECIMAL(38,18)}"), R"({"d": "1.500000000000000000"})");
  EXPECT_EQ(shown("[1, NULL, 3], ['a', 'tab\t'], []::INTEGER[]"),
            R"([1, null, 3]|["a", "tab\u0009"]|[])");
  EXPECT_EQ(shown("{'a': 1, 'b': {'c': [true, NULL]}, 'd': DATE '2026-01-01'}"),
            R"({"a": 1, "b": {"c": [true, null]}, "d": "2026-01-01"})");
  EXPECT_EQ(shown("[1.5::DOUBLE], [1, 2]::INTEGER[2]"), R"(["1.5"]|[1, 2])");
}

TEST(CellTextTest, ColumnsTellTypeAndForm) {
  EXPECT_EQ(column_of("1.5::DECIMAL(38,18)").type, "DECIMAL(38,18)");
  EXPECT_EQ(column_of("1.5::DECIMAL(38,18)").form, CellForm::kNumber);
  EXPECT_EQ(column_of("count(*)").type, "BIGINT");
  EXPECT_EQ(column_of("true").form, CellForm::kBoolean);
  EXPECT_EQ(column_of("'x'").form, CellForm::kText);
  EXPECT_EQ(column_of("MAP {'k': 1.5::DECIMAL(38,18)}").type, "MAP(VARCHAR, DECIMAL(38,18))");
  EXPECT_EQ(column_of("{'a b': [1]}").type, "STRUCT(\"a b\" INTEGER[])");
  EXPECT_EQ(column_of("{'a b': [1]}").form, CellForm::kJson);
  EXPECT_EQ(column_of("'x'").name, "x");
}

TEST(CellTextTest, ATypeWithoutTextIsRefusedWithTheCastThatHelps) {
  const Error error = error_thrown_by([] { shown("'101'::BIT AS flags"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_NE(std::string(error.what()).find("'flags'"), std::string::npos);
}

}  // namespace
}  // namespace finops
