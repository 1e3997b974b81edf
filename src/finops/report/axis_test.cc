#include "finops/report/axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/thrown.h"

namespace finops::report {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

std::vector<std::string> texts_of(const std::vector<Tick>& ticks) {
  std::vector<std::string> texts;
  for (const auto& tick : ticks) texts.push_back(tick.text);
  return texts;
}

TEST(AxisTest, TicksAreRoundAndTakeInBothLimits) {
  EXPECT_THAT(texts_of(number_ticks(0, 3823.7, 5)),
              ElementsAre("0", "1,000", "2,000", "3,000", "4,000"));
  EXPECT_THAT(texts_of(number_ticks(0, 0.31, 5)), ElementsAre("0.0", "0.1", "0.2", "0.3", "0.4"));
  EXPECT_THAT(texts_of(number_ticks(0, 10, 5)), ElementsAre("0", "2", "4", "6", "8", "10"));
  for (const double most : {0.0007, 0.9, 1.0, 7.3, 12345.0, 8.1e9, 3e14}) {
    const auto ticks = number_ticks(0, most, 5);
    EXPECT_GE(ticks.back().at, most);
    EXPECT_EQ(ticks.front().at, 0);
    EXPECT_THAT(ticks, SizeIs(::testing::AllOf(::testing::Ge(2u), ::testing::Le(7u)))) << most;
  }
}

TEST(AxisTest, TicksGoBelowZero) {
  EXPECT_THAT(texts_of(number_ticks(-1500, 400, 4)),
              ElementsAre("-1,500", "-1,000", "-500", "0", "500"));
  EXPECT_THAT(texts_of(number_ticks(-3, -3, 3)).back(), "0");
}

TEST(AxisTest, LargeAmountsAreToldInMillionsAndMore) {
  EXPECT_THAT(texts_of(number_ticks(0, 1.5e6, 3)), ElementsAre("0.0M", "0.5M", "1.0M", "1.5M"));
  EXPECT_THAT(texts_of(number_ticks(0, 4e12, 2)), ElementsAre("0T", "2T", "4T"));
  EXPECT_THAT(texts_of(number_ticks(0, 3e20, 3)).back(), "3e+20");
}

TEST(AxisTest, NothingToMeasureStillHasAnAxis) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  for (const auto& ticks :
       {number_ticks(0, 0, 5), number_ticks(nan, 1, 5), number_ticks(0, infinite, 5)}) {
    ASSERT_GE(ticks.size(), 2u);
    EXPECT_EQ(ticks.front().at, 0);
    EXPECT_EQ(ticks.back().at, 1);
  }
  EXPECT_THAT(texts_of(number_ticks(7, 7, 2)), ElementsAre("0", "5", "10"));
}

TEST(AxisTest, AScaleIsALine) {
  const Scale scale{-10, 30, 200, 0};
  EXPECT_DOUBLE_EQ(scale.at(-10), 200);
  EXPECT_DOUBLE_EQ(scale.at(0), 150);
  EXPECT_DOUBLE_EQ(scale.at(30), 0);
}

TEST(AxisTest, DatesHaveTicksOfDaysWeeksMonthsOrYears) {
  const auto ticks = [](const char* first, const char* last, int count, bool is_monthly = false) {
    return texts_of(date_ticks(day_of(first), day_of(last), count, is_monthly));
  };
  EXPECT_THAT(ticks("2025-07-03", "2025-07-05", 5),
              ElementsAre("2025-07-03", "2025-07-04", "2025-07-05"));
  EXPECT_THAT(ticks("2025-07-03", "2025-07-25", 4),
              ElementsAre("2025-07-03", "2025-07-10", "2025-07-17", "2025-07-24"));
  EXPECT_THAT(ticks("2025-01-20", "2025-04-30", 4), ElementsAre("2025-02", "2025-03", "2025-04"));
  EXPECT_THAT(ticks("2024-02-01", "2025-02-01", 5, true),
              ElementsAre("2024-04", "2024-07", "2024-10", "2025-01"));
  EXPECT_THAT(
      ticks("1991-05-01", "2025-05-01", 9),
      ElementsAre("1995-01", "2000-01", "2005-01", "2010-01", "2015-01", "2020-01", "2025-01"));
}

TEST(AxisTest, ADateFarOffMakesNoForestOfTicks) {
  const auto ticks = date_ticks(day_of("2025-07-01"), day_of("9999-12-31"), 9, false);
  EXPECT_THAT(texts_of(ticks), ElementsAre("3000-01", "4000-01", "5000-01", "6000-01", "7000-01",
                                           "8000-01", "9000-01"));
}

TEST(AxisTest, OneDateIsOneTick) {
  const std::int32_t day = day_of("2025-07-03");
  EXPECT_THAT(texts_of(date_ticks(day, day, 9, false)), ElementsAre("2025-07-03"));
  EXPECT_THAT(texts_of(date_ticks(day, day, 9, true)), ElementsAre("2025-07"));
}

TEST(AxisTest, DatesAreDaysSince1970) {
  EXPECT_EQ(day_of("1970-01-01"), 0);
  EXPECT_EQ(day_of("1969-12-31"), -1);
  EXPECT_EQ(day_of("2024-02-29 12:00:00"), 19782);
  EXPECT_EQ(date_text(19782, false), "2024-02-29");
  EXPECT_EQ(date_text(19782, true), "2024-02");
  EXPECT_EQ(kind_thrown_by([] { day_of("2025-02-30"); }), ErrorKind::kInternal);
  EXPECT_EQ(kind_thrown_by([] { day_of("soon"); }), ErrorKind::kInternal);
}

TEST(AxisTest, LabelsHaveTheDigitsThatMatter) {
  EXPECT_EQ(rounded_text(0), "0");
  EXPECT_EQ(rounded_text(12.345), "12.3");
  EXPECT_EQ(rounded_text(-1.5), "-1.5");
  EXPECT_EQ(rounded_text(3), "3");
  EXPECT_EQ(rounded_text(38906.9), "38,907");
  EXPECT_EQ(rounded_text(0.012345), "0.0123");
  EXPECT_EQ(rounded_text(63627013), "63.6M");
  EXPECT_EQ(rounded_text(-2.5e9), "-2.5B");
  EXPECT_EQ(rounded_text(1e20), "1e+20");
  EXPECT_EQ(rounded_text(2.5e-9), "2.5e-09");
}

}  // namespace
}  // namespace finops::report
