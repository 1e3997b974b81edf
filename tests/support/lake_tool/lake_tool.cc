// The lake's operations as commands, for tests/e2e/test_lake_readers.py. Works below the current
// folder: the tables in ./lake, the catalog in ./catalog.db. Prints one JSON document.
//
//   lake_tool create
//   lake_tool load SOURCE PERIOD EXECUTION_ID ROWS [EXACT NAME OF A TAG]...
//   lake_tool state [SNAPSHOT]
//   lake_tool expire KEEP_LAST
//
// Row i (from 0) of a load costs (i - 2) * 1.25 + 10^-18, and nothing at all when i % 7 == 6.
// FINOPS_FAULT breaks a durable call (fault_plan.h). Exit 0 done, 1 failed, 2 usage, 4 conflict.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "finops/core/error.h"
#include "finops/core/sha256.h"
#include "finops/lake/faulty_catalog.h"
#include "finops/lake/make_lake.h"
#include "finops/lake/sqlite/sqlite_catalog.h"
#include "finops/stores/faulty/faulty_store.h"
#include "finops/stores/local/local_store.h"
#include "finops/tabular/parquet_writing.h"

namespace {

using namespace finops;
using namespace finops::lake;
using Json = nlohmann::ordered_json;

const TableName kBills{"billing", "aws_billing_data"};
const TableName kLedger{"billing", "deliveries"};
const std::vector<std::string> kPartitionBy{"source", "billing_period"};

std::vector<Column> key_columns() {
  std::vector<Column> columns;
  for (const auto* name : {"source", "billing_period", "execution_id"}) {
    columns.push_back({.name = name, .type = ColumnType::kText, .doc = name, .is_required = true});
  }
  return columns;
}

std::vector<Column> bill_columns() {
  auto columns = key_columns();
  const auto add = [&](const char* name, ColumnType type, const char* doc) {
    columns.push_back({.name = name, .type = type, .doc = doc});
  };
  add("source_file", ColumnType::kText, "source_file");
  add("source_line", ColumnType::kLong, "source_line");
  add("line_item_usage_start_date", ColumnType::kTimestamp, "lineItem/UsageStartDate");
  add("line_item_unblended_cost", ColumnType::kDecimal, "lineItem/UnblendedCost");
  add("line_item_usage_account_id", ColumnType::kText, "lineItem/UsageAccountId");
  add("line_item_count", ColumnType::kInt, "lineItem/Count");
  add("is_estimated", ColumnType::kBoolean, "isEstimated");
  add("raw", ColumnType::kBinary, "raw");
  add("resource_tags", ColumnType::kTextMap, "resource_tags");
  add("discount", ColumnType::kDecimalMap, "discount");
  return columns;
}

/// The name that a tag's column gets: unique without regard to case, as the pipeline makes it.
std::string tag_column(const std::string& exact_name) {
  return "tag_" + sha256_of(exact_name).substr(0, 8);
}

std::int64_t first_microsecond(const std::string& period) {
  using namespace std::chrono;
  const sys_days first = year(std::stoi(period.substr(0, 4))) /
                         month(static_cast<unsigned>(std::stoi(period.substr(5, 2)))) / 1;
  return duration_cast<microseconds>(first.time_since_epoch()).count();
}

struct Load {
  PartitionKey partition;
  std::string execution_id;
  std::int64_t rows = 0;
  std::vector<std::string> tags;
};

CellValue cell_of(const Column& column, const Load& load, std::int64_t i) {
  const auto& name = column.name;
  if (name == "source") return load.partition.values[0];
  if (name == "billing_period") return load.partition.values[1];
  if (name == "execution_id") return load.execution_id;
  if (name == "source_file") return "cur/" + load.execution_id + "/part-00001.csv.gz";
  if (name == "source_line") return i + 1;
  if (name == "line_item_usage_start_date") {
    return first_microsecond(load.partition.values[1]) + i * 3'600'000'000;
  }
  if (name == "line_item_unblended_cost") {
    if (i % 7 == 6) return std::monostate();
    return Decimal::from_unscaled(Int128{i - 2} * 1'250'000'000'000'000'000 + 1);
  }
  if (name == "line_item_usage_account_id") return "0" + std::to_string(10000000000 + i % 5);
  if (name == "line_item_count") return i + 1;
  if (name == "is_estimated") return i % 2 == 0;
  if (name == "raw") return std::string("\xff\0x", 3);
  if (std::ranges::find(load.tags, column.doc) == load.tags.end()) return std::monostate();
  return column.doc + "-" + std::to_string(i % 2);
}

WrittenParquet write_file(Lake& lake, const TableName& table, const Load& load) {
  std::vector<Column> columns;  // what the delivery has: maps and other deliveries' tags are absent
  for (const auto& column : lake.view(table).schema.columns) {
    const bool is_tag = column.doc.starts_with("resourceTags/");
    if (is_map(column.type)) continue;
    if (is_tag && std::ranges::find(load.tags, column.doc) == load.tags.end()) continue;
    columns.push_back(column);
  }
  const auto key = lake.data_key(table, load.partition);
  std::vector<std::string> bounded;
  for (const auto& column : columns) bounded.push_back(column.name);
  const auto writer = make_parquet_row_writer(key, lake.store().create(key), columns, bounded);
  for (std::int64_t i = 0; i < load.rows; ++i) {
    CellRow row;
    for (const auto& column : columns) row.push_back(cell_of(column, load, i));
    writer->append(std::move(row));
  }
  return writer->finish();
}

PartitionChange planned_change(const TableView& view, const Load& load) {
  PartitionChange change{.table = view.name, .partition = load.partition};
  for (const auto& file : view.files) {
    if (file.partition == load.partition) change.planned_on.push_back(file.uri);
  }
  return change;
}

bool is_loaded(const TableView& ledger, const Load& load) {
  const auto& files = ledger.files;
  return std::ranges::any_of(files, [&](const LakeFile& file) {
    return file.partition == load.partition && file.execution_id == load.execution_id;
  });
}

Json run_create(Lake& lake) {
  lake.ensure_table(kBills, {bill_columns(), kPartitionBy});
  lake.ensure_table(kLedger, {key_columns(), kPartitionBy});
  return {{"tables", lake.tables().size()}};
}

/// As the pipeline does: look, columns, data files, one commit of data and ledger.
Json run_load(Lake& lake, const Load& load) {
  if (is_loaded(lake.view(kLedger), load)) return {{"changed", false}};
  std::vector<Column> tags;
  for (const auto& doc : load.tags) {
    tags.push_back({.name = tag_column(doc), .type = ColumnType::kText, .doc = doc});
  }
  lake.add_columns(kBills, tags, {});
  auto data = planned_change(lake.view(kBills), load);
  auto ledger = planned_change(lake.view(kLedger), load);
  data.add.push_back(write_file(lake, kBills, load));
  data.summary["finops.execution-id"] = load.execution_id;
  auto row = load;
  row.rows = 1;
  ledger.add.push_back(write_file(lake, kLedger, row));
  ledger.removes = [](const LakeFile&) { return false; };
  try {
    const auto report = lake.commit({data, ledger});
    return {{"changed", true},
            {"attempts", report.attempts},
            {"committed_ms", report.committed_ms},
            {"snapshot", report.snapshot_ids.at(kBills)}};
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kConflict) {
      lake.store().remove(data.add[0].key);
      lake.store().remove(ledger.add[0].key);
    }
    throw;
  }
}

Json run_state(Lake& lake, std::optional<std::int64_t> snapshot) {
  Json state = Json::object();
  const auto view = lake.view(kBills, snapshot);
  state["has_row_deletes"] = view.has_row_deletes;
  state["unknown_columns"] = view.unknown_columns;
  state["files"] = Json::array();
  for (const auto& file : view.files) {
    state["files"].push_back({{"source", file.partition.values[0]},
                              {"period", file.partition.values[1]},
                              {"execution_id", file.execution_id},
                              {"rows", file.rows},
                              {"key", lake.key_of(file.uri)}});
  }
  state["deliveries"] = lake.view(kLedger).files.size();
  return state;
}

Json run_expire(Lake& lake, int keep_last) {
  const auto report =
      lake.expire_snapshots(kBills, {std::numeric_limits<std::int64_t>::max(), keep_last}, false);
  return {{"snapshots", report.snapshots}, {"files", report.files}};
}

Json run(Lake& lake, const std::vector<std::string>& words) {
  if (words.size() == 1 && words[0] == "create") return run_create(lake);
  if (words.size() >= 5 && words[0] == "load") {
    return run_load(
        lake,
        {{words[1], words[2]}, words[3], std::stoll(words[4]), {words.begin() + 5, words.end()}});
  }
  if (words.size() == 1 && words[0] == "state") return run_state(lake, std::nullopt);
  if (words.size() == 2 && words[0] == "state") return run_state(lake, std::stoll(words[1]));
  if (words.size() == 2 && words[0] == "expire") return run_expire(lake, std::stoi(words[1]));
  throw Error(ErrorKind::kUsage, "lake_tool create | load | state | expire; see lake_tool.cc");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto root = std::filesystem::current_path().string();
    const auto faults = FaultPlan::from_environment();
    const auto lake = make_lake(
        with_faults(make_local_store(root + "/lake"), faults), "file://" + root + "/lake",
        with_faults(make_sqlite_catalog(root + "/catalog.db", "finops"), faults), system_clock());
    std::cout << run(*lake, {argv + 1, argv + argc}).dump() << '\n';
    return 0;
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return error.kind() == ErrorKind::kUsage ? 2 : error.kind() == ErrorKind::kConflict ? 4 : 1;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
