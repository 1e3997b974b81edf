#include "finops/core/billing_period.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

TEST(BillingPeriodTest, IsReadFromYearAndMonthOnly) {
  EXPECT_EQ(BillingPeriod::parse("2025-12"), BillingPeriod(2025, 12));
  for (const char* text : {"2025-13", "2025-00", "2025-1", "2025-012", "202512", "1999-01",
                           "2025/01", "2O25-01", ""}) {
    EXPECT_FALSE(BillingPeriod::parse(text)) << text;
  }
}

TEST(BillingPeriodTest, NextMonthCrossesTheYear) {
  EXPECT_EQ(BillingPeriod(2025, 12).next().to_string(), "2026-01");
  EXPECT_EQ(BillingPeriod(2026, 1).plus(-1).to_string(), "2025-12");
  EXPECT_LT(BillingPeriod(2025, 12), BillingPeriod(2026, 1));
}

TEST(BillingPeriodTest, BeginsWithTheFirstDayOfItsMonth) {
  using namespace std::chrono_literals;
  EXPECT_EQ(BillingPeriod(2024, 3).first_day(), std::chrono::sys_days(2024y / 3 / 1));
  EXPECT_EQ(BillingPeriod(2024, 2).next().first_day() - BillingPeriod(2024, 2).first_day(),
            std::chrono::days(29));
}

}  // namespace
}  // namespace finops
