#include "finops/warehouses/warehouse.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

ExactSum sum(const char* text) { return *ExactSum::parse(text); }

TEST(MoneySumsTest, WhatOneSideLeavesOutCountsAsZero) {
  const MoneySums given = {{"USD", {{"cost", sum("1.5")}, {"fee", sum("0")}}}, {"EUR", {}}};
  EXPECT_EQ(difference_of(given, {{"USD", {{"cost", sum("1.50")}}}}), "");
  EXPECT_EQ(difference_of(given, {{"USD", {{"cost", sum("1.500000000000000001")}}}}),
            "the sum of cost in USD is 1.500000000000000001 and not 1.5");
  EXPECT_EQ(difference_of({}, {{"", {{"cost", sum("-2")}}}}),
            "the sum of cost in rows without a currency is -2 and not 0");
}

}  // namespace
}  // namespace finops
