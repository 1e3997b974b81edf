#include "finops/pipeline/problem_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/stores/memory/memory_store.h"
#include "tests/support/scripted_http.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Event = Notification::Event;

/// Remembers what it was told; refuses as long as `is_deaf`.
class RememberingNotifier : public Notifier {
 public:
  void send(const Notification& notification, std::stop_token) override {
    if (is_deaf) throw Error(ErrorKind::kUnavailable, "nobody listens");
    told.push_back(notification);
  }
  std::vector<Notification> told;
  bool is_deaf = false;
};

PartitionReport partition(const std::string& source, const std::string& period, Outcome outcome) {
  PartitionReport report;
  report.id = {"aws_billing_data", source, period, "v1"};
  report.outcome = outcome;
  report.error_kind = ErrorKind::kInvalidData;
  report.message = outcome == Outcome::kLoaded ? "" : "why";
  return report;
}

RunEnd end_with(std::vector<PartitionReport> partitions) {
  RunEnd end;
  end.report.partitions = std::move(partitions);
  return end;
}

RunEnd failed(const std::string& source, const std::string& period = "2026-05") {
  return end_with({partition(source, period, Outcome::kFailed)});
}

RunEnd good(const std::string& source = "a") {
  return end_with({partition(source, "2026-05", Outcome::kUnchanged)});
}

RunEnd stopped_by(ErrorKind kind) {
  RunEnd end;
  end.error = Error(kind, "the error");
  return end;
}

std::vector<std::string> names(const std::vector<Problem>& problems) {
  std::vector<std::string> list;
  for (const Problem& one : problems) {
    list.push_back(one.source + "/" + one.billing_period + "/" + one.kind);
  }
  return list;
}

class ProblemWatchTest : public ::testing::Test {
 protected:
  /// What the end of this run tells; a run an hour.
  std::vector<Notification> tell(const RunEnd& end) {
    clock_.advance(std::chrono::hours(1));
    notifier_.told.clear();
    ProblemWatch(state_, notifier_, clock_, "host").end_of_run(end, {});
    return notifier_.told;
  }

  // In June 2026.
  ManualClock clock_{TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 6 / 10))};
  MemoryStore state_{clock_};
  RememberingNotifier notifier_;
};

TEST_F(ProblemWatchTest, AGoodRunIsNoNewsAndLeavesNoTrace) {
  EXPECT_THAT(tell(good()), IsEmpty());
  EXPECT_THAT(state_.list(""), IsEmpty());
}

TEST_F(ProblemWatchTest, AFailureIsToldOnceAndSoIsItsEnd) {
  const auto first = tell(failed("a"));
  const TimePoint begin = clock_.now();
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].event, Event::kNewProblems);
  EXPECT_EQ(first[0].host, "host");
  EXPECT_EQ(first[0].time, begin);
  EXPECT_THAT(names(first[0].fresh), ElementsAre("a/2026-05/invalid_data"));
  EXPECT_EQ(first[0].fresh[0].message, "why");
  EXPECT_THAT(tell(failed("a")), IsEmpty());
  EXPECT_THAT(tell(failed("a")), IsEmpty());
  const auto last = tell(good());
  ASSERT_THAT(last, SizeIs(1));
  EXPECT_EQ(last[0].event, Event::kRecovered);
  EXPECT_THAT(names(last[0].solved), ElementsAre("a/2026-05/invalid_data"));
  EXPECT_EQ(last[0].solved[0].since, begin);
  EXPECT_THAT(tell(good()), IsEmpty());
  EXPECT_THAT(tell(failed("a")), SizeIs(1)) << "the next failure is news again";
}

TEST_F(ProblemWatchTest, AnotherKindOrPeriodIsNews) {
  tell(failed("a"));
  RunEnd other = failed("a");
  other.report.partitions[0].error_kind = ErrorKind::kUnavailable;
  const auto changed = tell(other);
  ASSERT_THAT(changed, SizeIs(1));
  EXPECT_EQ(changed[0].event, Event::kNewProblems);
  EXPECT_THAT(names(changed[0].fresh), ElementsAre("a/2026-05/unavailable"));
  EXPECT_THAT(names(changed[0].solved), ElementsAre("a/2026-05/invalid_data"));
  other.report.partitions.push_back(partition("a", "2026-04", Outcome::kRefused));
  const auto more = tell(other);
  ASSERT_THAT(more, SizeIs(1));
  EXPECT_THAT(names(more[0].fresh), ElementsAre("a/2026-04/refused"));
  EXPECT_THAT(names(more[0].remaining), ElementsAre("a/2026-05/unavailable"));
  other.report.partitions.pop_back();
  const auto fewer = tell(other);
  ASSERT_THAT(fewer, SizeIs(1));
  EXPECT_EQ(fewer[0].event, Event::kFewerProblems);
  EXPECT_THAT(names(fewer[0].solved), ElementsAre("a/2026-04/refused"));
}

TEST_F(ProblemWatchTest, AMessageThatCannotBeDeliveredIsTriedAgainByTheNextRun) {
  notifier_.is_deaf = true;
  EXPECT_EQ(kind_thrown_by([&] { tell(failed("a")); }), ErrorKind::kUnavailable);
  notifier_.is_deaf = false;
  EXPECT_THAT(tell(failed("a")), SizeIs(1));
  notifier_.is_deaf = true;
  EXPECT_EQ(kind_thrown_by([&] { tell(good()); }), ErrorKind::kUnavailable);
  notifier_.is_deaf = false;
  const auto late = tell(good());
  ASSERT_THAT(late, SizeIs(1));
  EXPECT_EQ(late[0].event, Event::kRecovered);
}

TEST_F(ProblemWatchTest, WhatARunDoesNotLookAtStaysAsItWas) {
  tell(failed("a"));
  RunEnd other_source = good("b");
  other_source.selection.sources = {"b"};
  EXPECT_THAT(tell(other_source), IsEmpty());
  RunEnd other_months = end_with({partition("a", "2026-06", Outcome::kUnchanged)});
  other_months.selection.first = BillingPeriod(2026, 6);
  EXPECT_THAT(tell(other_months), IsEmpty());
  EXPECT_THAT(tell(end_with({partition("a", "2026-05", Outcome::kLocked)})), IsEmpty());
  EXPECT_THAT(tell(stopped_by(ErrorKind::kLocked)), IsEmpty());
  EXPECT_THAT(tell(stopped_by(ErrorKind::kCancelled)), IsEmpty());
  EXPECT_THAT(tell(good()), SizeIs(1));
}

TEST_F(ProblemWatchTest, AnExportThatFailsAsAWholeHidesItsMonths) {
  tell(failed("a"));
  const auto whole = tell(end_with({partition("a", "", Outcome::kFailed)}));
  ASSERT_THAT(whole, SizeIs(1));
  EXPECT_THAT(names(whole[0].fresh), ElementsAre("a//invalid_data"));
  EXPECT_THAT(names(whole[0].remaining), ElementsAre("a/2026-05/invalid_data"));
  const auto again = tell(failed("a"));
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(again[0].event, Event::kFewerProblems);
  EXPECT_THAT(names(again[0].solved), ElementsAre("a//invalid_data"));
}

TEST_F(ProblemWatchTest, AnErrorThatEndsTheRunIsAProblemOfTheRunAlone) {
  tell(failed("a"));
  const auto ended = tell(stopped_by(ErrorKind::kInvalidConfig));
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_THAT(names(ended[0].fresh), ElementsAre("//invalid_config"));
  EXPECT_EQ(ended[0].fresh[0].message, "the error");
  EXPECT_THAT(names(ended[0].remaining), ElementsAre("a/2026-05/invalid_data"));
  EXPECT_THAT(tell(stopped_by(ErrorKind::kInvalidConfig)), IsEmpty());
  EXPECT_THAT(tell(stopped_by(ErrorKind::kCancelled)), IsEmpty());
  const auto next = tell(failed("a"));
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_THAT(names(next[0].solved), ElementsAre("//invalid_config"));
}

TEST_F(ProblemWatchTest, AStaleSourceIsAProblemUntilARunThatCanTellFindsItFresh) {
  RunEnd stale = good();
  stale.report.stale.push_back({.source = "a", .max_age = std::chrono::hours(36)});
  const auto first = tell(stale);
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_THAT(names(first[0].fresh), ElementsAre("a//stale"));
  EXPECT_THAT(tell(stale), IsEmpty());
  RunEnd old_months = good();
  old_months.selection.last = BillingPeriod(2026, 5);
  EXPECT_THAT(tell(old_months), IsEmpty());
  const auto failed_as_a_whole = tell(end_with({partition("a", "", Outcome::kFailed)}));
  ASSERT_THAT(failed_as_a_whole, SizeIs(1));
  EXPECT_THAT(names(failed_as_a_whole[0].remaining), ElementsAre("a//stale"));
  const auto fresh = tell(good());
  ASSERT_THAT(fresh, SizeIs(1));
  EXPECT_EQ(fresh[0].event, Event::kRecovered);
}

TEST_F(ProblemWatchTest, QuarantineIsToldOnceForAMonthAndNothingToRecoverFrom) {
  RunEnd bad = end_with({partition("a", "2026-05", Outcome::kLoaded)});
  bad.report.partitions[0].source_rows = 100;
  bad.report.partitions[0].quarantined_rows = 3;
  const auto first = tell(bad);
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_THAT(names(first[0].fresh), ElementsAre("a/2026-05/quarantined"));
  EXPECT_EQ(first[0].fresh[0].message, "3 of 100 rows went to quarantine");
  EXPECT_THAT(tell(good()), IsEmpty());
  bad.report.partitions[0].outcome = Outcome::kReplaced;
  EXPECT_THAT(tell(bad), IsEmpty()) << "the next delivery of the month has the same rows";
  EXPECT_THAT(tell(end_with({partition("a", "2026-05", Outcome::kReplaced)})), IsEmpty());
  EXPECT_THAT(tell(bad), SizeIs(1)) << "there was a clean delivery in between";
  tell(failed("b"));
  const auto recovered = tell(good());
  ASSERT_THAT(recovered, SizeIs(1));
  EXPECT_EQ(recovered[0].event, Event::kRecovered);
}

TEST_F(ProblemWatchTest, ABrokenMemoryCountsAsNone) {
  for (const char* text : {"", "{", "[1]", R"({"problems": 3})",
                           R"({"problems": [{"source": 7, "since_ms": "x"}, 5]})"}) {
    put_text(state_, ProblemWatch::kTold, text);
    EXPECT_THAT(tell(failed("a")), SizeIs(1)) << text;
    EXPECT_THAT(tell(failed("a")), IsEmpty()) << text;
  }
}

}  // namespace
}  // namespace finops
