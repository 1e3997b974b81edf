#include "finops/pipeline/month_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/stores/memory/memory_store.h"
#include "tests/support/scripted_http.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class RememberingNotifier : public Notifier {
 public:
  void send(const Notification& notification, std::stop_token) override {
    if (is_deaf) throw Error(ErrorKind::kUnavailable, "nobody listens");
    told.push_back(notification);
  }
  std::vector<Notification> told;
  bool is_deaf = false;
};

class MonthWatchTest : public ::testing::Test {
 protected:
  void end_of(const RunReport& report) {
    MonthWatch(store_, notifier_, clock_, "etl-1").end_of_run(report, {});
  }

  ManualClock clock_{TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 7 / 1))};
  RememberingNotifier notifier_;
  MemoryStore store_{clock_};
};

RunReport run_with(const std::string& period, const std::string& amount, bool is_closed = true) {
  PartitionReport one;
  one.id = {"aws_billing_data", "payer-a", period, "v2"};
  one.outcome = Outcome::kReplaced;
  one.cost_change = CostChange{"v1", {{"EUR", {}}, {"USD", *ExactSum::parse(amount)}}, is_closed};
  RunReport report;
  report.partitions.push_back(std::move(one));
  report.partitions.emplace_back();
  return report;
}

TEST_F(MonthWatchTest, AClosedMonthThatMovedIsToldOnceWithItsAmounts) {
  end_of(run_with("2026-05", "12.5"));
  ASSERT_THAT(notifier_.told, SizeIs(1));
  const Notification& news = notifier_.told[0];
  EXPECT_EQ(to_string(news.event), "closed_month_changed");
  ASSERT_THAT(news.changes, SizeIs(1));
  EXPECT_EQ(news.changes[0].from, "v1");
  EXPECT_EQ(news.changes[0].to, "v2");
  EXPECT_THAT(news.changes[0].amounts, ElementsAre(std::pair("USD", "12.5")));
  EXPECT_EQ(text_of(news),
            "finops on etl-1: the cost of 1 closed month changed\n"
            "• payer-a 2026-05: USD +12.5 (v1 → v2)");
  end_of({});
  EXPECT_THAT(notifier_.told, SizeIs(1));
}

TEST_F(MonthWatchTest, AnOpenMonthAndTheSameCostAreNotTold) {
  end_of(run_with("2026-05", "12.5", false));
  end_of(run_with("2026-05", "0"));
  EXPECT_THAT(notifier_.told, SizeIs(0));
  EXPECT_FALSE(store_.stat(MonthWatch::kUntold));
}

TEST_F(MonthWatchTest, WhatCannotBeDeliveredIsToldByTheNextRunThatCan) {
  notifier_.is_deaf = true;
  EXPECT_EQ(kind_thrown_by([&] { end_of(run_with("2026-05", "-1")); }), ErrorKind::kUnavailable);
  EXPECT_EQ(kind_thrown_by([&] { end_of(run_with("2026-04", "2")); }), ErrorKind::kUnavailable);
  notifier_.is_deaf = false;
  end_of({});
  ASSERT_THAT(notifier_.told, SizeIs(1));
  ASSERT_THAT(notifier_.told[0].changes, SizeIs(2));
  EXPECT_THAT(text_of(notifier_.told[0]),
              HasSubstr("payer-a 2026-05: USD -1 (v1 → v2)\n• payer-a 2026-04"));
  end_of({});
  EXPECT_THAT(notifier_.told, SizeIs(1));
}

TEST_F(MonthWatchTest, ABrokenMemoryCountsAsNone) {
  put_text(store_, MonthWatch::kUntold, "{\"changes\": [3, {\"amounts\": 4}]");
  end_of(run_with("2026-05", "1"));
  EXPECT_THAT(notifier_.told[0].changes, SizeIs(1));
}

}  // namespace
}  // namespace finops
