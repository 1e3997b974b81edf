#include "finops/journal/job.h"

#include <gtest/gtest.h>

#include "tests/support/thrown.h"

namespace finops::journal {
namespace {

TEST(JobTest, TimesKeepTheirMicroseconds) {
  const std::string text = "2026-02-28 23:59:59.000001";
  EXPECT_EQ(to_text(time_of(text)), text);
  EXPECT_EQ(to_text(time_of(text) + std::chrono::seconds(1)), "2026-03-01 00:00:00.000001");
  EXPECT_EQ(time_of("1970-01-01 00:00:01.5"), Time(std::chrono::microseconds(1'500'000)));
  EXPECT_EQ(time_of("1970-01-01 00:00:01"), Time(std::chrono::microseconds(1'000'000)));
}

TEST(JobTest, WhatIsNoTimeIsInvalid) {
  for (const char* text : {"", "2026-05-31", "2026-05-31T23:59:59", "2026-05-31 23:59:59.",
                           "2026-05-31 23:59:59.1234567", "2026-05-31 23:59:59Z"}) {
    EXPECT_EQ(kind_thrown_by([&] { time_of(text); }), ErrorKind::kInvalidData) << text;
  }
}

TEST(JobTest, StatesHaveTheirNames) {
  for (const auto state : {JobState::kQueued, JobState::kRunning, JobState::kSucceeded,
                           JobState::kFailed, JobState::kCancelled}) {
    EXPECT_EQ(job_state_of(to_string(state)), state);
  }
  EXPECT_FALSE(job_state_of("SUCCESS"));
  EXPECT_TRUE(is_ended(JobState::kCancelled));
  EXPECT_FALSE(is_ended(JobState::kQueued));
}

}  // namespace
}  // namespace finops::journal
