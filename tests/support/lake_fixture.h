#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "finops/lake/make_lake.h"
#include "finops/lake/memory/memory_catalog.h"
#include "finops/stores/memory/memory_store.h"
#include "tests/support/thrown.h"

namespace finops::lake {

/// A clock that stands still but for its sleepers; from several threads.
class StandingClock : public Clock {
 public:
  TimePoint now() const override { return TimePoint(Duration(ms_.load())); }
  bool sleep_for(Duration duration, std::stop_token) override {
    ms_ += duration.count();
    ++sleeps;
    return true;
  }
  void set(std::int64_t ms) { ms_ = ms; }
  std::atomic<int> sleeps = 0;

 private:
  std::atomic<std::int64_t> ms_ = 1'780'000'000'000;
};

inline constexpr const char* kRoot = "file:///lake";
inline const TableName kBills{"billing", "aws_billing_data"};
inline const TableName kLedger{"billing", "deliveries"};
inline const std::vector<std::string> kPartitionBy{"source", "billing_period"};

inline std::vector<Column> bill_columns() {
  const auto added = [](const char* name, ColumnType type) {
    return Column{.name = name, .type = type, .doc = name, .is_required = true};
  };
  return {added("source", ColumnType::kText),
          added("billing_period", ColumnType::kText),
          added("execution_id", ColumnType::kText),
          added("source_file", ColumnType::kText),
          added("source_line", ColumnType::kLong),
          {.name = "cost", .type = ColumnType::kDecimal, .doc = "lineItem/UnblendedCost"},
          {.name = "tags", .type = ColumnType::kTextMap, .doc = "resource_tags"}};
}

inline Column tag(const std::string& name, const std::string& doc) {
  return {.name = name, .type = ColumnType::kText, .doc = doc};
}

inline ColumnMetrics text_metrics(int field_id, std::int64_t rows, const std::string& value) {
  return {.field_id = field_id,
          .values = rows,
          .nulls = 0,
          .bytes = 10,
          .lower = value,
          .upper = value};
}

/// What is live, as "source period execution-id rows", in order.
inline std::vector<std::string> contents(const TableView& view) {
  std::vector<std::string> out;
  for (const auto& file : view.files) {
    std::string line;
    for (const auto& value : file.partition.values) line += value + " ";
    out.push_back(line + file.execution_id + " " + std::to_string(file.rows));
  }
  std::ranges::sort(out);
  return out;
}

using Lines = std::vector<std::string>;

/// Loads into a lake as the pipeline does, with data files that hold a word instead of Parquet.
class Loader {
 public:
  explicit Loader(Lake& lake) : lake_(lake) {}

  WrittenParquet write(const TableName& table, const PartitionKey& partition,
                       const std::string& execution_id, std::int64_t rows) {
    WrittenParquet file{.key = lake_.data_key(table, partition),
                        .bytes = 4,
                        .rows = rows,
                        .sha256 = {},
                        .split_offsets = {4},
                        .columns = {}};
    put_if_absent(lake_.store(), file.key, "data");
    const TableView view = lake_.view(table);
    for (std::size_t i = 0; i < view.partition_by.size(); ++i) {
      const Column& column = *view.schema.find(view.partition_by[i]);
      file.columns.push_back(text_metrics(column.field_id, rows, partition.values[i]));
    }
    if (const Column* column = view.schema.find("execution_id")) {
      file.columns.push_back(text_metrics(column->field_id, rows, execution_id));
    }
    return file;
  }

  std::vector<std::string> live(const TableName& table, const PartitionKey& partition) {
    std::vector<std::string> uris;
    for (const auto& file : lake_.view(table).files) {
      if (file.partition == partition) uris.push_back(file.uri);
    }
    return uris;
  }

  /// Replaces the partition by one file.
  PartitionChange replacement(const TableName& table, const PartitionKey& partition,
                              const std::string& execution_id, std::int64_t rows) {
    PartitionChange change{.table = table, .partition = partition};
    change.planned_on = live(table, partition);
    change.add.push_back(write(table, partition, execution_id, rows));
    return change;
  }

  /// The data and the ledger in one commit; the ledger's partition keeps what it has.
  CommitReport load(const PartitionKey& partition, const std::string& execution_id,
                    std::int64_t rows) {
    auto data = replacement(kBills, partition, execution_id, rows);
    auto ledger = replacement(kLedger, partition, execution_id, 1);
    ledger.removes = [](const LakeFile&) { return false; };
    return lake_.commit({data, ledger});
  }

 private:
  Lake& lake_;
};

class LakeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    lake_->ensure_table(kBills, {bill_columns(), kPartitionBy});
    lake_->ensure_table(kLedger, {bill_columns(), kPartitionBy});
  }

  /// Another process's view of the same lake.
  std::unique_ptr<Lake> another_lake() { return make_lake(store_, kRoot, catalog_, clock_); }

  Lines bills() { return contents(lake_->view(kBills)); }

  StandingClock clock_;
  std::shared_ptr<MemoryStore> store_ = std::make_shared<MemoryStore>(clock_);
  std::shared_ptr<MemoryCatalog> catalog_ = std::make_shared<MemoryCatalog>();
  std::unique_ptr<Lake> lake_ = another_lake();
  Loader loader_{*lake_};

  const PartitionKey a4_{"payer-a", "2026-04"}, a5_{"payer-a", "2026-05"},
      b4_{"payer/b c=", "2026-04"};
};

}  // namespace finops::lake
