#include "finops/demo/demo_number.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

std::string fixed(Int128 digits, int scale) {
  std::string text;
  append_number(text, {digits, scale}, DemoNumberForm::kFixed);
  return text;
}

std::string shortest(Int128 digits, int scale) {
  std::string text;
  append_number(text, {digits, scale}, DemoNumberForm::kShortest);
  return text;
}

std::string rounded(Int128 digits, int scale) {
  return Decimal::from_unscaled(DemoNumber(digits, scale).rounded()).to_string();
}

TEST(DemoNumberTest, WritesAllDecimalsAsBigDecimalDoes) {
  EXPECT_EQ(fixed(416'000'000, 10), "0.0416000000");
  EXPECT_EQ(fixed(-12'345, 2), "-123.45");
  EXPECT_EQ(fixed(7, 0), "7");
  EXPECT_EQ(fixed(12'000, 10), "0.0000012000");
  EXPECT_EQ(fixed(4'000, 10), "4.000E-7");
  EXPECT_EQ(fixed(0, 10), "0E-10");
  EXPECT_EQ(fixed(25, -5), "2.5E+6");
}

TEST(DemoNumberTest, WritesNoZerosAtTheEndInTheShortForm) {
  EXPECT_EQ(shortest(416'000'000, 10), "0.0416");
  EXPECT_EQ(shortest(4'000, 10), "4E-7");
  EXPECT_EQ(shortest(0, 10), "0");
  EXPECT_EQ(shortest(5'000, 3), "5");
  EXPECT_EQ(shortest(-100, 0), "-100");
}

TEST(DemoNumberTest, WritesMoreDigitsThanSixtyFourBitsHold) {
  const Int128 large = Int128{9'007'199'254'740'993} * power_of_10(16) + 5;
  EXPECT_EQ(fixed(large, 16), "9007199254740993.0000000000000005");
  EXPECT_EQ(fixed(power_of_10(18) * 12, 18), "12.000000000000000000");
}

TEST(DemoNumberTest, WritesWhatDecimalReads) {
  for (const int scale : {-3, 0, 4, 10, 18, 22}) {
    const DemoNumber number(-123'456'789, scale);
    const auto parsed = Decimal::parse(fixed(number.digits, scale));
    ASSERT_TRUE(parsed) << scale;
    EXPECT_EQ(parsed->value.unscaled(), number.rounded()) << scale;
    EXPECT_EQ(parsed->residual, number.residual()) << scale;
    EXPECT_EQ(parsed->was_rounded, number.is_rounded()) << scale;
  }
}

TEST(DemoNumberTest, RoundsTiesToEven) {
  EXPECT_EQ(rounded(5, 19), "0");
  EXPECT_EQ(rounded(15, 19), "0.000000000000000002");
  EXPECT_EQ(rounded(25, 19), "0.000000000000000002");
  EXPECT_EQ(rounded(-15, 19), "-0.000000000000000002");
  EXPECT_EQ(rounded(-5, 19), "0");
  EXPECT_EQ(rounded(251, 20), "0.000000000000000003");
  EXPECT_EQ(DemoNumber(-25, 19).residual().to_string(), "-0.0000000000000000005");
  EXPECT_FALSE(DemoNumber(30, 19).is_rounded());
}

TEST(DemoNumberTest, AddsAcrossScalesAndTakesEmptyAsNothing) {
  const DemoNumber sum = DemoNumber(15, 1) + DemoNumber(25, 3);
  EXPECT_EQ(fixed(sum.digits, sum.scale), "1.525");
  EXPECT_TRUE((DemoNumber() + DemoNumber()).is_empty);
  EXPECT_EQ((DemoNumber() + DemoNumber(3, 1)).digits, 3);
  EXPECT_TRUE(DemoNumber().times(9, 1).is_empty);
}

TEST(DemoNumberTest, MultipliesToTheWantedScale) {
  EXPECT_EQ(demo_product({3, 0}, {4'000, 10}, 10).digits, 12'000);
  EXPECT_EQ(demo_product({15, 1}, {5, 1}, 1).digits, 8);  // 0.75, a tie
  EXPECT_EQ(demo_product({-25, -5}, {4'000, 10}, 10).digits, -10'000'000'000);
}

TEST(DemoNumberTest, SumsBeyondOneHundredAndTwentyEightBits) {
  DemoSum sum;
  ExactSum expected;
  const Int128 large = power_of_10(38) - 1;
  for (int i = 0; i < 5; ++i) {
    sum.add(large);
    expected.add(large);
  }
  EXPECT_EQ(sum.total(), expected);
  for (int i = 0; i < 5; ++i) sum.add(-large);
  EXPECT_TRUE(sum.total().is_zero());
}

}  // namespace
}  // namespace finops
