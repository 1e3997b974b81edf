#include "finops/medallion/sql_mistakes.h"

#include <gtest/gtest.h>

namespace finops::medallion {
namespace {

datasets::SqlText text_at(const std::string& sql, unsigned line, unsigned column) {
  const std::string place =
      "rules/orders.toml:" + std::to_string(line) + ":" + std::to_string(column);
  return {sql, {Origin::Kind::kFile, place, line, column}};
}

TEST(SqlMistakesTest, NamesThatOnlyFinopsKnowsAreNotTold) {
  EXPECT_EQ(
      told("Binder Error: no x\nCandidate bindings: \"amount\", \"finops:match:0\", \"id\"\n\n"
           "LINE 1: SELECT (x)\n                ^"),
      "Binder Error: no x Candidate bindings: \"amount\", \"id\"");
  EXPECT_EQ(told("Binder Error: no x\nCandidate bindings: \"amount\", \"finops:text:x\""),
            "Binder Error: no x Candidate bindings: \"amount\"");
  EXPECT_EQ(told("Binder Error: no x\nCandidate bindings: \"finops:text:x\", \"finops:read:x\""),
            "Binder Error: no x");
}

TEST(SqlMistakesTest, TheMissingColumnIsToldFromOtherMistakes) {
  EXPECT_EQ(missing_column("Binder Error: Referenced column \"x\" not found in FROM clause!"), "x");
  EXPECT_EQ(missing_column("Parser Error: syntax error at or near \"x\""), "");
}

TEST(SqlMistakesTest, APlaceInSqlIsOneInItsFile) {
  const auto sql = text_at("SELECT\n  a,,\nFROM t", 3, 8);
  EXPECT_EQ(place_in_sql(sql, "Parser Error: x\n\nLINE 2:   a,,\n            ^").where,
            "rules/orders.toml:4:5");
  EXPECT_EQ(place_in_sql(sql, "Parser Error: x\n\nLINE 1: SELECT\n        ^").where,
            "rules/orders.toml:3:8");
  EXPECT_EQ(place_in_sql(sql, "Conversion Error: x").where, "rules/orders.toml:3:8");
}

TEST(SqlMistakesTest, WhatStandsBeforeTheTextMovesNoPlace) {
  const auto query = embedded("SELECT (", text_at("1 +* 2", 5, 9), "\n)");
  EXPECT_EQ(query.sql, "SELECT (1 +* 2\n)");
  EXPECT_EQ(place_in_sql(query, "x\n\nLINE 1: SELECT (1 +* 2\n                  ^").where,
            "rules/orders.toml:5:11");
  const auto near_the_margin = embedded("SELECT (", text_at("1 +* 2", 5, 2), "\n)");
  EXPECT_EQ(place_in_sql(near_the_margin, "x\n\nLINE 1: SELECT (1 +* 2\n                  ^").where,
            "rules/orders.toml:5:4");
}

TEST(SqlMistakesTest, ANameIsFoundAsAWholeWord) {
  EXPECT_EQ(place_of_name(text_at("costs < cost", 2, 5), "cost").where, "rules/orders.toml:2:13");
  EXPECT_EQ(place_of_name(text_at("a > 1\n  AND b_c < b", 2, 5), "b").where,
            "rules/orders.toml:3:13");
  EXPECT_EQ(place_of_name(text_at("a\nb", 2, 5), "b").where, "rules/orders.toml:3:1");
  EXPECT_EQ(place_of_name(text_at("\nb", 2, 5), "b").where, "rules/orders.toml:3:1");
  EXPECT_EQ(place_of_name(text_at("A > 1", 2, 5), "a").where, "rules/orders.toml:2:5");
}

TEST(SqlMistakesTest, AColumnOfAResultIsWhereItsNameIsGiven) {
  const auto sql = text_at("SELECT cost / 2 AS half, sum(half) as\n  cost FROM basis", 1, 1);
  EXPECT_EQ(place_of_column(sql, "cost").where, "rules/orders.toml:2:3");
  EXPECT_EQ(place_of_column(sql, "half").where, "rules/orders.toml:1:20");
  EXPECT_EQ(place_of_column(text_at("SELECT 1 AS \"a b\"", 1, 1), "a b").where,
            "rules/orders.toml:1:14");
  EXPECT_EQ(place_of_column(text_at("SELECT avg(x)", 1, 1), "avg(x)").where,
            "rules/orders.toml:1:8");
  EXPECT_EQ(refused_column("the column 'avg(x)' is a floating-point number"), "avg(x)");
  EXPECT_EQ(refused_column("Binder Error: the column 'x' is"), "");
}

}  // namespace
}  // namespace finops::medallion
