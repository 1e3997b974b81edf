#include "finops/pipeline/run_report.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

int exit_code_of(const std::vector<Outcome>& outcomes, std::uint64_t quarantined = 0) {
  RunReport report;
  for (const auto outcome : outcomes) {
    PartitionReport partition;
    partition.outcome = outcome;
    partition.quarantined_rows = quarantined;
    report.partitions.push_back(partition);
  }
  return report.exit_code();
}

TEST(RunReportTest, ExitCodesFollowTheContract) {
  EXPECT_EQ(exit_code_of({}), 0);
  EXPECT_EQ(exit_code_of({Outcome::kUnchanged, Outcome::kHeld}), 0);
  EXPECT_EQ(exit_code_of({Outcome::kLoaded, Outcome::kUnchanged}), 0);
  EXPECT_EQ(exit_code_of({Outcome::kLoaded}, 1), 3);
  EXPECT_EQ(exit_code_of({Outcome::kUnchanged}, 1), 0) << "old quarantine does not count";
  EXPECT_EQ(exit_code_of({Outcome::kReplaced, Outcome::kFailed}), 3);
  EXPECT_EQ(exit_code_of({Outcome::kLoaded, Outcome::kLocked}), 3);
  EXPECT_EQ(exit_code_of({Outcome::kLoaded, Outcome::kRefused}), 3);
  EXPECT_EQ(exit_code_of({Outcome::kFailed, Outcome::kUnchanged}), 1);
  EXPECT_EQ(exit_code_of({Outcome::kRefused}), 1);
  EXPECT_EQ(exit_code_of({Outcome::kFailed, Outcome::kLocked}), 1);
  EXPECT_EQ(exit_code_of({Outcome::kLocked, Outcome::kUnchanged}), 5);
  EXPECT_EQ(exit_code_of({Outcome::kEmptyWithheld}), 3);
}

TEST(RunEndingTest, OfTwoPartsWhatOnePublishedAndTheOtherDidNotIsThree) {
  const RunEnding good{.is_published = true}, nothing, failed{.has_failed = true};
  const RunEnding locked{.is_locked = true}, partly{.is_published = true, .has_failed = true};
  EXPECT_EQ((nothing + nothing).exit_code(), 0);
  EXPECT_EQ((good + nothing).exit_code(), 0);
  EXPECT_EQ((good + failed).exit_code(), 3);
  EXPECT_EQ((failed + good).exit_code(), 3);
  EXPECT_EQ((good + locked).exit_code(), 3);
  EXPECT_EQ((partly + failed).exit_code(), 3);
  EXPECT_EQ((nothing + failed).exit_code(), 1);
  EXPECT_EQ((locked + failed).exit_code(), 1);
  EXPECT_EQ((locked + nothing).exit_code(), 5);
}

}  // namespace
}  // namespace finops
