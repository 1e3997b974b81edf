#include "finops/pipeline/freshness.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

TimePoint at(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) /
                               std::chrono::day(day));
}

const TimePoint kNow = at(2026, 6, 10) + hours(12);

TEST(FreshnessTest, ASourceIsStaleWhenItsNewestManifestIsOlderThanAllowed) {
  EXPECT_FALSE(judge_freshness("a", hours(36), kNow - hours(36), kNow));
  const auto stale = judge_freshness("a", hours(36), kNow - hours(36) - Duration(1), kNow);
  ASSERT_TRUE(stale);
  EXPECT_EQ(stale->source, "a");
  EXPECT_EQ(stale->newest, kNow - hours(36) - Duration(1));
  EXPECT_EQ(stale->age, hours(36) + Duration(1));
  EXPECT_EQ(stale->max_age, hours(36));
}

TEST(FreshnessTest, NothingAtAllIsStaleAndSaysSo) {
  const auto stale = judge_freshness("a", hours(36), std::nullopt, kNow);
  ASSERT_TRUE(stale);
  EXPECT_FALSE(stale->newest);
  EXPECT_FALSE(stale->age);
  EXPECT_EQ(stale->describe(), "there is no delivery");
}

TEST(FreshnessTest, ATimeInTheFutureIsFreshAndAMaxAgeOfZeroNeverReports) {
  EXPECT_FALSE(judge_freshness("a", hours(36), kNow + hours(5), kNow));
  EXPECT_FALSE(judge_freshness("a", hours(0), kNow - hours(9999), kNow));
  EXPECT_FALSE(judge_freshness("a", hours(0), std::nullopt, kNow));
}

TEST(FreshnessTest, DescribesTheTimeTheAgeAndTheLimit) {
  const auto text = [](Duration age, std::chrono::seconds max_age) {
    return judge_freshness("a", max_age, kNow - age, kNow)->describe();
  };
  EXPECT_EQ(text(hours(76), hours(36)),
            "its newest delivery came 2026-06-07 08:00 UTC, 3 d 4 h ago; max_age is 1 d 12 h");
  EXPECT_EQ(text(hours(48) + minutes(20), hours(24)),
            "its newest delivery came 2026-06-08 11:40 UTC, 2 d ago; max_age is 1 d");
  EXPECT_EQ(text(Duration(2500), std::chrono::seconds(1)),
            "its newest delivery came 2026-06-10 11:59 UTC, 2 s ago; max_age is 1 s");
}

TEST(FreshnessTest, OnlyALookAtThisMonthAndTheOneBeforeCanTell) {
  const BillingPeriod may(2026, 5), june(2026, 6), july(2026, 7);
  EXPECT_TRUE(can_judge_freshness({}, kNow));
  EXPECT_TRUE(can_judge_freshness({may, june}, kNow));
  EXPECT_TRUE(can_judge_freshness({may, july}, kNow));
  EXPECT_FALSE(can_judge_freshness({june, std::nullopt}, kNow));
  EXPECT_FALSE(can_judge_freshness({std::nullopt, may}, kNow));
  // In January the month before is of another year.
  EXPECT_FALSE(can_judge_freshness({BillingPeriod(2026, 1), {}}, at(2026, 1, 5)));
  EXPECT_TRUE(can_judge_freshness({BillingPeriod(2025, 12), {}}, at(2026, 1, 5)));
}

}  // namespace
}  // namespace finops
