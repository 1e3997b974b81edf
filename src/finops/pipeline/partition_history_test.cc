#include "finops/pipeline/partition_history.h"

#include <gtest/gtest.h>

#include "tests/support/thrown.h"

namespace finops {
namespace {

DeliveryRecord record(std::string version, int revision = 1) {
  DeliveryRecord out;
  out.id = {"aws_billing_data", "payer-a", "2026-05", std::move(version)};
  out.revision = revision;
  return out;
}

TEST(PartitionHistoryTest, AVersionIsFoundByItsNameOrAUniqueBeginningInItsLastRevision) {
  const std::vector<DeliveryRecord> records = {record("8a4e-1"), record("8b"), record("8a4e-1", 2)};
  EXPECT_EQ(find_version(records, "8a4e-1").revision, 2);
  EXPECT_EQ(find_version(records, "8a").revision, 2);
  EXPECT_EQ(find_version(records, "8b").id.version, "8b");
  EXPECT_EQ(kind_thrown_by([&] { find_version(records, "8"); }), ErrorKind::kUsage);
  EXPECT_EQ(kind_thrown_by([&] { find_version(records, "9"); }), ErrorKind::kNotFound);
}

TEST(PartitionHistoryTest, ARecordNeverComesBeforeThoseThatAreThereWhateverTheClockSays) {
  struct EarlyClock : Clock {
    TimePoint now() const override { return TimePoint(Duration(1000)); }
    bool sleep_for(Duration, std::stop_token) override { return true; }
  } clock;
  std::vector<DeliveryRecord> records;
  EXPECT_EQ(next_recorded_ms(records, clock), 1000);
  records = {record("a"), record("b")};
  records.front().recorded_ms = 5000;
  EXPECT_EQ(next_recorded_ms(records, clock), 5000);
}

TEST(PartitionHistoryTest, AWholeNameStandsBeforeTheBeginningOfAnother) {
  const std::vector<DeliveryRecord> records = {record("v1"), record("v1+0a1b2c3d")};
  EXPECT_EQ(find_version(records, "v1").id.version, "v1");
  EXPECT_EQ(find_version(records, "v1+").id.version, "v1+0a1b2c3d");
}

}  // namespace
}  // namespace finops
