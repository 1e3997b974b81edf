#include "finops/jobs/job_workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "finops/journal/sqlite/sqlite_journal.h"
#include "tests/support/temp_folder.h"
#include "tests/support/thrown.h"

namespace finops::jobs {
namespace {

using namespace std::chrono_literals;
using journal::JobState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The machine's clock, which a test may put forward.
class ForwardClock : public Clock {
 public:
  TimePoint now() const override { return system_clock().now() + forward_.load(); }
  bool sleep_for(Duration duration, std::stop_token stop) override {
    return system_clock().sleep_for(duration, std::move(stop));
  }
  void forward(Duration by) { forward_ = forward_.load() + by; }

 private:
  std::atomic<Duration> forward_ = Duration(0);
};

class JobWorkersTest : public ::testing::Test {
 protected:
  JobWorkersTest() {
    journal_->migrate();
    options_.threads = 1;
    options_.name = "test";
    options_.idle = 20ms;
    options_.retry_delay = 1ms;
  }

  std::string enqueue(const std::string& message) {
    return journal_->enqueue({message, "org", "p.d.t"}).job.id;
  }
  /// Begins; jobs fail with what is in `failures_`, one after the other, and then succeed.
  void start(DoJob work = nullptr) {
    if (!work) {
      work = [this](const journal::Job&, const JobRights&) -> JobGain {
        const std::lock_guard lock(mutex_);
        if (!failures_.empty()) {
          const Error error = failures_.front();
          failures_.pop_front();
          throw error;
        }
        return {.rows_copied = 5, .bytes_billed = 7, .report = "{}"};
      };
    }
    workers_ = std::make_unique<JobWorkers>(
        options_, *journal_, clock_, std::move(work),
        JobEvents{.on_begin = [](const journal::Job&) {},
                  .on_retry = [this](const journal::Job&, std::string_view,
                                     Duration pause) { pauses_.push_back(pause); },
                  .on_end =
                      [this](const EndedJob& ended) {
                        const std::lock_guard lock(mutex_);
                        ended_.push_back(ended);
                      },
                  .on_trouble = [](std::string_view) {}});
    workers_->start();
  }
  EndedJob end_number(std::size_t number) {
    for (int i = 0; i < 1000; ++i) {
      {
        const std::lock_guard lock(mutex_);
        if (ended_.size() > number) return ended_[number];
      }
      std::this_thread::sleep_for(10ms);
    }
    ADD_FAILURE() << "the job did not end";
    return {};
  }
  /// Work that goes on until it has to stop.
  DoJob endless() {
    return [this](const journal::Job&, const JobRights& rights) -> JobGain {
      ++begun_;
      while (clock_.sleep_for(10ms, rights.stop)) continue;
      rights.require_lease();
      throw Error(ErrorKind::kInternal, "the lease was there after all");
    };
  }
  void wait_until_begun() {
    for (int i = 0; i < 1000 && begun_ == 0; ++i) std::this_thread::sleep_for(5ms);
  }

  TempFolder folder_;
  ForwardClock clock_;
  std::unique_ptr<journal::JobJournal> journal_ =
      journal::make_sqlite_journal((folder_.path() / "journal.db").string(), clock_);
  WorkerOptions options_;
  std::mutex mutex_;
  std::deque<Error> failures_;
  std::vector<EndedJob> ended_;
  std::vector<Duration> pauses_;
  std::atomic<int> begun_ = 0;
  std::unique_ptr<JobWorkers> workers_;
};

TEST_F(JobWorkersTest, AJobThatSucceedsIsKeptWithWhatItCameTo) {
  const std::string id = enqueue("m");
  start();
  EXPECT_EQ(end_number(0).how, EndedJob::How::kSucceeded);
  const auto job = journal_->job(id).value();
  EXPECT_EQ(job.state, JobState::kSucceeded);
  EXPECT_EQ(job.rows_copied, 5);
  EXPECT_EQ(job.bytes_billed, 7);
  EXPECT_EQ(job.report, "{}");
}

TEST_F(JobWorkersTest, WhatMayPassIsTriedAgainWithGrowingPauses) {
  options_.max_retries = 3;
  failures_ = {Error(ErrorKind::kUnavailable, "one"), Error(ErrorKind::kUnavailable, "two")};
  const std::string id = enqueue("m");
  start();
  EXPECT_EQ(end_number(0).how, EndedJob::How::kSucceeded);
  EXPECT_THAT(pauses_, ElementsAre(1ms, 2ms));
  EXPECT_EQ(journal_->job(id)->attempts, 1) << "all by one lease";
}

TEST_F(JobWorkersTest, AfterTheLastRetryItHasFailedAndTheMessageRunsAgain) {
  options_.max_retries = 1;
  failures_ = {Error(ErrorKind::kUnavailable, "one"), Error(ErrorKind::kUnavailable, "two")};
  const std::string id = enqueue("m");
  start();
  EXPECT_EQ(end_number(0).how, EndedJob::How::kFailed);
  EXPECT_EQ(journal_->job(id)->error_message, "two");
  EXPECT_EQ(journal_->enqueue({"m", "org", "p.d.t"}).answer, journal::Answer::kRunsAgain);
  EXPECT_EQ(end_number(1).how, EndedJob::How::kSucceeded);
}

TEST_F(JobWorkersTest, WhatCanNeverWorkIsTriedOnceAndIsFinal) {
  failures_ = {Error(ErrorKind::kUnsupported, "a view"), Error(ErrorKind::kPermissionDenied, "no")};
  const std::string id = enqueue("m");
  start();
  EXPECT_EQ(end_number(0).how, EndedJob::How::kFailed);
  EXPECT_TRUE(journal_->job(id)->is_final);
  const std::string other = enqueue("n");
  end_number(1);
  EXPECT_FALSE(journal_->job(other)->is_final) << "rights may be given";
  EXPECT_TRUE(pauses_.empty());
}

TEST_F(JobWorkersTest, ADefectEndsTheJobAndNotTheService) {
  const std::string id = enqueue("m");
  start([](const journal::Job&, const JobRights&) -> JobGain { throw std::out_of_range("at"); });
  EXPECT_EQ(end_number(0).error, ErrorKind::kInternal);
  EXPECT_THAT(journal_->job(id)->error_message, HasSubstr("defect"));
}

TEST_F(JobWorkersTest, AJobThatIsCancelledStopsAndIsCancelled) {
  options_.lease = 60ms;
  const std::string id = enqueue("m");
  start(endless());
  wait_until_begun();
  journal_->request_cancel(id);
  EXPECT_EQ(end_number(0).how, EndedJob::How::kCancelled);
  EXPECT_EQ(journal_->job(id)->state, JobState::kCancelled);
}

TEST_F(JobWorkersTest, AServiceThatStopsGivesItsJobsBack) {
  const std::string id = enqueue("m");
  start(endless());
  wait_until_begun();
  workers_->stop();
  EXPECT_EQ(end_number(0).how, EndedJob::How::kReleased);
  const auto job = journal_->job(id).value();
  EXPECT_EQ(job.state, JobState::kQueued);
  EXPECT_EQ(job.attempts, 0);
}

TEST_F(JobWorkersTest, WhoLostItsLeaseChangesNothing) {
  options_.lease = 300ms;
  const std::string id = enqueue("m");
  std::atomic<bool> is_taken = false;
  start([&](const journal::Job&, const JobRights& rights) -> JobGain {
    ++begun_;
    while (!is_taken) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(kind_thrown_by([&] { rights.require_lease(); }), ErrorKind::kLocked);
    EXPECT_TRUE(rights.stop.stop_requested());
    return {.rows_copied = 99};
  });
  wait_until_begun();
  std::optional<journal::TakenJob> taken;
  while (!taken) {  // between two renewals
    clock_.forward(10min);
    taken = journal_->take("another", 1h);
  }
  is_taken = true;
  EXPECT_EQ(end_number(0).how, EndedJob::How::kLost);
  EXPECT_EQ(journal_->job(id)->state, JobState::kRunning);
  EXPECT_EQ(journal_->job(id)->rows_copied, 0);
  EXPECT_TRUE(journal_->finish(taken->lease, {}));
}

TEST_F(JobWorkersTest, ALongJobKeepsItsLease) {
  options_.lease = 90ms;
  enqueue("m");
  start([&](const journal::Job&, const JobRights&) -> JobGain {
    ++begun_;
    std::this_thread::sleep_for(500ms);
    return {};
  });
  wait_until_begun();
  for (int i = 0; i < 40; ++i) {
    EXPECT_FALSE(journal_->take("another", 1h));
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(end_number(0).how, EndedJob::How::kSucceeded);
}

}  // namespace
}  // namespace finops::jobs
