#include "finops/engines/duckdb/decimal_functions.h"

#include <gtest/gtest.h>

#include "finops/engines/duckdb/duckdb_engine.h"
#include "finops/engines/duckdb/duckdb_test_tables.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

class DecimalFunctionsTest : public ::testing::Test {
 protected:
  std::string value(const std::string& sql) { return rows_of(*engine_, "SELECT " + sql); }

  const std::unique_ptr<SqlEngine> engine_ = make_duckdb_engine({});
};

TEST_F(DecimalFunctionsTest, RoundHalfEvenTo18Decimals) {
  EXPECT_EQ(value("decimal_product(2.5, 1.1)"), "2.750000000000000000\n");
  EXPECT_EQ(value("decimal_product(0.5, 0.000000000000000001)"), "0.000000000000000000\n");
  EXPECT_EQ(value("decimal_product(1.5, 0.000000000000000001)"), "0.000000000000000002\n");
  EXPECT_EQ(value("decimal_product(-1.5, 0.000000000000000001)"), "-0.000000000000000002\n");
  EXPECT_EQ(value("decimal_product(12345678901.5, 1000000000.25)"),
            "12345678904586419725.375000000000000000\n");
  EXPECT_EQ(value("decimal_quotient(2, 3)"), "0.666666666666666667\n");
  EXPECT_EQ(value("decimal_quotient(-1, 3)"), "-0.333333333333333333\n");
  EXPECT_EQ(value("decimal_quotient(0.000000000000000001, 2)"), "0.000000000000000000\n");
  EXPECT_EQ(value("decimal_quotient(0.000000000000000003, 2)"), "0.000000000000000002\n");
}

TEST_F(DecimalFunctionsTest, TakeSumsAndCountsOfRows) {
  EXPECT_EQ(
      value("decimal_quotient(sum(x::DECIMAL(38,18)), count(x)), typeof(decimal_quotient(1, 1)) "
            "FROM (VALUES (0.1), (0.2), (NULL), (0.4)) t(x)"),
      "0.233333333333333333|DECIMAL(38,18)\n");
}

TEST_F(DecimalFunctionsTest, AreNullWhereAnArgumentIsAndForNoDivisor) {
  EXPECT_EQ(value("decimal_product(NULL, 2), decimal_quotient(1, NULL), decimal_quotient(1, 0)"),
            "NULL|NULL|NULL\n");
  EXPECT_EQ(rows_of(*engine_,
                    "SELECT i, decimal_product(a, 2), decimal_quotient(6, a) FROM (VALUES "
                    "(1, 1.5), (2, NULL), (3, 0), (4, -2)) t(i, a) ORDER BY i"),
            "1|3.000000000000000000|4.000000000000000000\n"
            "2|NULL|NULL\n"
            "3|0.000000000000000000|NULL\n"
            "4|-4.000000000000000000|-3.000000000000000000\n");
}

TEST_F(DecimalFunctionsTest, ColumnsOfManyRowsAreCalculatedRowByRow) {
  EXPECT_EQ(value("count(*), sum(decimal_product(i, 0.5)), "
                  "count(*) FILTER (decimal_quotient(i, 4) = i / 4.0) "
                  "FROM (SELECT i::DECIMAL(38,18) AS i FROM range(100000) t(i))"),
            "100000|2499975000.000000000000000000|100000\n");
}

TEST_F(DecimalFunctionsTest, AResultThatDoesNotFitEndsTheStatement) {
  for (const char* sql : {"decimal_product(99999999999999999999, 10)",
                          "decimal_quotient(99999999999999999999, 0.1)"}) {
    TextSink sink;
    EXPECT_EQ(kind_thrown_by([&] { engine_->query(std::string("SELECT ") + sql, sink); }),
              ErrorKind::kInvalidData)
        << sql;
  }
}

}  // namespace
}  // namespace finops
