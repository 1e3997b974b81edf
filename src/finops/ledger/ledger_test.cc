#include "finops/ledger/ledger.h"

#include <gtest/gtest.h>

#include "finops/ledger/bill_partition.h"
#include "finops/tabular/parquet_writing.h"
#include "tests/support/lake_fixture.h"

namespace finops {
namespace {

/// billing.deliveries as versions of finops made it that knew no waivers.
std::vector<Column> columns_of_before() {
  const auto column = [](const char* name, ColumnType type, bool is_required = false) {
    return Column{name, type, name, is_required};
  };
  return {column("table", ColumnType::kText, true),
          column("source", ColumnType::kText, true),
          column("billing_period", ColumnType::kText, true),
          column("execution_id", ColumnType::kText, true),
          column("revision", ColumnType::kLong, true),
          column("state", ColumnType::kText, true),
          column("recorded_at", ColumnType::kTimestamp, true),
          column("source_rows", ColumnType::kLong, true),
          column("loaded_rows", ColumnType::kLong, true),
          column("quarantined_rows", ColumnType::kLong, true),
          column("manifest_key", ColumnType::kText),
          column("manifest_etag", ColumnType::kText),
          column("columns", ColumnType::kText),
          column("refusal", ColumnType::kText),
          column("judged_by", ColumnType::kText),
          column("hold", ColumnType::kText),
          column("receipt", ColumnType::kText)};
}

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() {
    lake_->ensure_table(Ledger::table(), {columns_of_before(), BillPartition::columns()});
    const std::string key = lake_->data_key(Ledger::table(), partition_);
    auto writer = make_parquet_row_writer(key, lake_->store().create(key),
                                          lake_->view(Ledger::table()).schema.columns,
                                          {"source", "billing_period", "execution_id"});
    writer->append({std::string("bills"),
                    std::string("payer-a"),
                    std::string("2026-05"),
                    std::string("v1"),
                    std::int64_t{1},
                    std::string("current"),
                    std::int64_t{7000},
                    std::int64_t{3},
                    std::int64_t{2},
                    std::int64_t{1},
                    {},
                    {},
                    std::string("[]"),
                    {},
                    {},
                    std::string("a hold"),
                    std::string("a receipt")});
    lake::PartitionChange change{.table = Ledger::table(), .partition = partition_};
    change.add.push_back(writer->finish());
    lake_->commit({change});
  }

  lake::StandingClock clock_;
  std::shared_ptr<MemoryStore> store_ = std::make_shared<MemoryStore>(clock_);
  std::unique_ptr<lake::Lake> lake_ =
      lake::make_lake(store_, lake::kRoot, std::make_shared<lake::MemoryCatalog>(), clock_);
  const lake::PartitionKey partition_{"payer-a", "2026-05"};
};

TEST_F(LedgerTest, ALedgerOfBeforeThereWereWaiversIsReadAndGoesOn) {
  const std::vector<DeliveryRecord> records = Ledger(*lake_).records(true);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].hold, "a hold");
  EXPECT_EQ(records[0].waiver, "");
  EXPECT_EQ(records[0].receipt, "a receipt");
  EXPECT_EQ(Ledger(*lake_).records(false)[0].receipt, "");

  LedgerPartition partition = Ledger(*lake_).partition(partition_);
  partition.records[0].waiver = "a waiver";
  lake_->commit({Ledger(*lake_).replace(partition)});
  const std::vector<DeliveryRecord> now = Ledger(*lake_).records(true);
  EXPECT_EQ(now[0].waiver, "a waiver");
  EXPECT_EQ(now[0].hold, "a hold");
  EXPECT_EQ(now[0].receipt, "a receipt");
}

TEST_F(LedgerTest, WhatOthersWroteSinceItWasReadIsNotWrittenOver) {
  LedgerPartition mine = Ledger(*lake_).partition(partition_);
  LedgerPartition theirs = mine;
  theirs.records[0].waiver = "theirs";
  lake_->commit({Ledger(*lake_).replace(theirs)});
  mine.records[0].waiver = "mine";
  const lake::PartitionChange change = Ledger(*lake_).replace(mine);
  EXPECT_EQ(kind_thrown_by([&] { lake_->commit({change}); }), ErrorKind::kConflict);
  EXPECT_EQ(Ledger(*lake_).records(true)[0].waiver, "theirs");
}

}  // namespace
}  // namespace finops
