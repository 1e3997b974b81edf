#include "finops/core/decimal.h"

#include <gtest/gtest.h>

#include "finops/core/error.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

std::string parsed(std::string_view text) {
  const auto decimal = Decimal::parse(text);
  return decimal ? decimal->value.to_string() : "none";
}

std::string residual(std::string_view text) { return Decimal::parse(text)->residual.to_string(); }

TEST(DecimalTest, ReadsEveryFormOfALiteral) {
  EXPECT_EQ(parsed("12.50"), "12.5");
  EXPECT_EQ(parsed("-0.000000000000000001"), "-0.000000000000000001");
  EXPECT_EQ(parsed("+7"), "7");
  EXPECT_EQ(parsed(".5"), "0.5");
  EXPECT_EQ(parsed("5."), "5");
  EXPECT_EQ(parsed("1.5E-7"), "0.00000015");
  EXPECT_EQ(parsed("12e3"), "12000");
  EXPECT_EQ(parsed("0E-10"), "0");
  EXPECT_EQ(parsed("-0"), "0");
  EXPECT_EQ(parsed("0e999999999999"), "0");
  EXPECT_EQ(parsed("00000000000000000000000000001.10"), "1.1");
  EXPECT_EQ(parsed("99999999999999999999.999999999999999999"),
            "99999999999999999999.999999999999999999");
}

TEST(DecimalTest, RefusesWhatIsNoNumberOrTooLarge) {
  for (const char* text : {"", "-", ".", "e5", "1e", "1e+", "1.2.3", " 1", "1 ", "0x10", "1,5",
                           "NaN", "inf", "--1", "1e5.0", "100000000000000000000", "1e20",
                           "1e99999999999", "99999999999999999999.9999999999999999995"}) {
    EXPECT_EQ(parsed(text), "none") << text;
  }
}

TEST(DecimalTest, RoundsHalfEvenAndTellsTheExactResidual) {
  EXPECT_EQ(parsed("0.0000000000000000005"), "0");
  EXPECT_EQ(residual("0.0000000000000000005"), "0.0000000000000000005");
  EXPECT_EQ(parsed("0.0000000000000000015"), "0.000000000000000002");
  EXPECT_EQ(residual("0.0000000000000000015"), "-0.0000000000000000005");
  EXPECT_EQ(parsed("0.00000000000000000051"), "0.000000000000000001");
  EXPECT_EQ(parsed("-1.0000000000000000007"), "-1.000000000000000001");
  EXPECT_EQ(residual("-1.0000000000000000007"), "0.0000000000000000003");
  EXPECT_EQ(parsed("5e-324"), "0");
  EXPECT_FALSE(Decimal::parse("0.5")->was_rounded);
  EXPECT_TRUE(Decimal::parse("1e-2000"));
  EXPECT_FALSE(Decimal::parse("1e-2001"));
}

TEST(DecimalTest, QuotientAndProductRoundHalfEven) {
  const auto decimal = [](const char* text) { return Decimal::parse(text)->value; };
  EXPECT_EQ(Decimal::quotient(decimal("1"), decimal("3")).to_string(), "0.333333333333333333");
  EXPECT_EQ(Decimal::quotient(decimal("-2"), decimal("3")).to_string(), "-0.666666666666666667");
  EXPECT_EQ(Decimal::quotient(decimal("0.000000000000000001"), decimal("2")).to_string(), "0");
  EXPECT_EQ(Decimal::quotient(decimal("0.000000000000000003"), decimal("2")).to_string(),
            "0.000000000000000002");
  EXPECT_EQ((decimal("12345678901234567.89") * decimal("-1.1")).to_string(),
            "-13580246791358024.679");
  EXPECT_THROW(Decimal::quotient(decimal("1"), decimal("0")), Error);
  EXPECT_THROW(decimal("99999999999999999999") * decimal("10"), Error);
  EXPECT_THROW(decimal("99999999999999999999") + decimal("1"), Error);
}

TEST(DecimalTest, AResultThatDoesNotFitIsAnError) {
  const Decimal most = Decimal::parse("99999999999999999999.999999999999999999")->value;
  const Decimal least = Decimal::from_unscaled(1);
  for (const Decimal& one : {least, most}) {
    EXPECT_EQ(kind_thrown_by([&] { return most + one; }), ErrorKind::kInvalidData);
    EXPECT_EQ(kind_thrown_by([&] { return -most - one; }), ErrorKind::kInvalidData);
  }
  EXPECT_EQ(kind_thrown_by([&] { return most * most; }), ErrorKind::kInvalidData);
  EXPECT_EQ(kind_thrown_by([&] { return Decimal::quotient(most, least); }),
            ErrorKind::kInvalidData);
  EXPECT_EQ(most - most, Decimal());
}

TEST(ExactSumTest, NeverOverflowsAndIsOrderFree) {
  ExactSum up, down;
  const Int128 large = power_of_10(38) - 1;
  for (int i = 0; i < 1000; ++i) up.add(large);
  EXPECT_EQ(up.to_string(), "99999999999999999999999.999999999999999");
  for (int i = 0; i < 1000; ++i) down.add(-large);
  down.add(up);
  EXPECT_TRUE(down.is_zero());
  EXPECT_EQ(down.to_string(), "0");
}

TEST(ExactSumTest, HandlesSignsAcrossLimbsAndScales) {
  ExactSum sum;
  sum.add(1, 0);
  sum.add(-1, 18);
  EXPECT_EQ(sum.to_string(), "0.999999999999999999");
  sum.add(-2, 0);
  EXPECT_EQ(sum.to_string(), "-1.000000000000000001");
  sum.add(1, 38);
  EXPECT_EQ(sum.to_string(), "-1.00000000000000000099999999999999999999");
  EXPECT_EQ(sum.sign(), -1);
  EXPECT_EQ(ExactSum::parse(sum.to_string()), sum);
  EXPECT_LT(sum, ExactSum());
}

TEST(ExactSumTest, IsTheSameWhicheverWayItWasPutTogether) {
  const Int128 most = ~static_cast<Int128>(0) ^ (static_cast<Int128>(1) << 127);
  const Int128 least = -most - 1;
  ExactSum large;
  for (const Int128 value : {most, most, least, most}) large.add(value);
  EXPECT_EQ(large.to_string(), "340282366920938463463.374607431768211453");
  EXPECT_EQ(ExactSum::parse(large.to_string()), large);
  ExactSum small = large;
  small.subtract(large);
  EXPECT_TRUE(small.is_zero());
  EXPECT_EQ(small, ExactSum());
  small.add(5);
  small.add(large);
  EXPECT_GT(small, large);
  large.subtract(small);
  EXPECT_EQ(large.to_string(), "-0.000000000000000005");
  EXPECT_EQ(large.sign(), -1);
  EXPECT_EQ(ExactSum::parse("-0.000000000000000005"), large);
  large.subtract(large);
  EXPECT_TRUE(large.is_zero());
}

TEST(ExactSumTest, ParsesOnlyItsOwnForm) {
  EXPECT_EQ(ExactSum::parse("1000000000.000000001")->to_string(), "1000000000.000000001");
  for (const char* text : {"", "-", "1.", ".5", "1e5", "+1", "1.2.3"}) {
    EXPECT_FALSE(ExactSum::parse(text)) << text;
  }
}

TEST(ExactSumTest, AgreesWithPlainArithmeticOnManySmallSums) {
  ExactSum sum;
  std::int64_t plain = 0;
  std::uint64_t state = 88172645463325252ull;
  for (int i = 0; i < 20000; ++i) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    const auto value = static_cast<std::int64_t>(state % 2'000'000'000'001) - 1'000'000'000'000;
    plain += value;
    sum.add(value, 0);
    if (i % 500 == 0) {
      EXPECT_EQ(sum.to_string(), std::to_string(plain));
    }
  }
  EXPECT_EQ(sum.to_string(), std::to_string(plain));
}

}  // namespace
}  // namespace finops
