#include "finops/anomaly/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/thrown.h"

namespace finops::anomaly {
namespace {

using ::testing::HasSubstr;

Decimal decimal(const char* text) { return Decimal::parse(text)->value; }

TEST(RulesTest, DefaultsAreThoseOfTheManual) {
  const Rules rules;
  EXPECT_EQ(rules.z_threshold.to_string(), "3");
  EXPECT_EQ(rules.mad_threshold.to_string(), "4");
  EXPECT_EQ(rules.lower_percentile.to_string(), "0.01");
  EXPECT_EQ(rules.upper_percentile.to_string(), "0.99");
  EXPECT_EQ(rules.deciding, Methods{.mad = true});
  EXPECT_NO_THROW(check(rules));
}

TEST(RulesTest, TakesPercentilesAndThresholdsAtTheirLimits) {
  EXPECT_NO_THROW(check({.z_threshold = decimal("0"),
                         .mad_threshold = decimal("0"),
                         .lower_percentile = decimal("0"),
                         .upper_percentile = decimal("1"),
                         .deciding = {true, true, true},
                         .votes = 3}));
}

TEST(RulesTest, NamesEveryMistakeAtOnce) {
  const Error error = error_thrown_by([] {
    check({.z_threshold = decimal("-1"),
           .mad_threshold = decimal("-0.5"),
           .lower_percentile = decimal("0.5"),
           .upper_percentile = decimal("0.4"),
           .deciding = {.z_score = true},
           .votes = 2});
  });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
  EXPECT_THAT(error.what(), HasSubstr("z scores is negative, -1; "));
  EXPECT_THAT(error.what(), HasSubstr("MAD scores is negative, -0.5; "));
  EXPECT_THAT(error.what(), HasSubstr("0.5 and 0.4; "));
  EXPECT_THAT(error.what(), HasSubstr("are 2, the methods that decide 1"));
}

TEST(RulesTest, RefusesPercentilesBeyondTheirLimitsAndDecisionsByNothing) {
  for (const Rules& rules :
       {Rules{.lower_percentile = decimal("-0.01")}, Rules{.upper_percentile = decimal("1.01")},
        Rules{.deciding = {}}, Rules{.votes = 0}}) {
    EXPECT_EQ(kind_thrown_by([&] { check(rules); }), ErrorKind::kInvalidConfig);
  }
}

}  // namespace
}  // namespace finops::anomaly
