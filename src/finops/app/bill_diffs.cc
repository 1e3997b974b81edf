#include "finops/app/bill_diffs.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "finops/app/lake_queries.h"
#include "finops/core/error.h"
#include "finops/diff/bill_diff.h"
#include "finops/pipeline/cost_change.h"
#include "finops/pipeline/partition_history.h"
#include "finops/pipeline/table_columns.h"

namespace finops {
namespace {

using Records = std::vector<DeliveryRecord>;

/// Of each (source, table) that has any delivery of the period, with receipts.
std::vector<Records> partitions_of(lake::Lake& lake, const DiffRequest& request) {
  const std::string period = request.period.to_string();
  std::set<std::string> sources(request.sources.begin(), request.sources.end());
  const Ledger ledger(lake);
  if (sources.empty()) {
    for (const auto& record : ledger.records(false)) {
      if (record.id.partition == period) sources.insert(record.id.source);
    }
  }
  std::vector<Records> partitions;
  for (const auto& source : sources) {
    std::map<std::string, Records> by_table;
    for (auto& record : ledger.records(true, lake::PartitionKey{source, period})) {
      Records& records = by_table[record.id.table];
      records.push_back(std::move(record));
    }
    if (by_table.empty() && !request.sources.empty()) {
      throw Error(ErrorKind::kNotFound, "the ledger has no delivery of " + source + " " + period +
                                            "; `finops history` lists what it has");
    }
    for (auto& [table, records] : by_table) partitions.push_back(std::move(records));
  }
  return partitions;
}

struct Versions {
  const DeliveryRecord *from = nullptr, *to = nullptr;
};

/// Nothing when there are no two deliveries to compare.
std::optional<Versions> versions_of(const Records& records, const DiffRequest& request) {
  Versions versions;
  versions.to = request.to.empty() ? current_delivery(records) : &find_version(records, request.to);
  if (!request.from.empty()) versions.from = &find_version(records, request.from);
  if (versions.to != nullptr && versions.from == nullptr) {
    versions.from = delivery_before(records, *versions.to, /*other_version=*/true);
  }
  if (versions.from == nullptr || versions.to == nullptr) return std::nullopt;
  for (const auto* record : {versions.from, versions.to}) {
    if (record->state != DeliveryState::kRefused) continue;
    throw Error(ErrorKind::kUsage, "the delivery " + record->id.version +
                                       " was refused and never in the lake: " + record->refusal);
  }
  if (versions.from->id == versions.to->id) {
    throw Error(ErrorKind::kUsage, versions.to->id.version +
                                       " would be compared with itself; name another one with "
                                       "--from or --to: `finops history` lists them");
  }
  return versions;
}

/// What is in the lake of one delivery, and what proves it.
struct Taken {
  const DeliveryRecord& record;
  Receipt receipt;
  std::vector<lake::FileCopy> files;
};

Taken taken(lake::Lake& lake, const DeliveryRecord& record) {
  Taken result{record, receipt_from_json(record.receipt), {}};
  try {
    result.files = data_files_of(lake, record, result.receipt);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNotFound) throw;
    throw with_ways_back(error, record);
  }
  return result;
}

bool has_values(const Receipt& receipt, const std::string& column) {
  const auto content = receipt.columns.find(column);
  return content != receipt.columns.end() && content->second.nulls < receipt.loaded_rows;
}

/// The files of one delivery as a table, with the columns that say anything in either.
lake::TableView table_of(const lake::TableView& view, const Taken& delivery,
                         const std::string& name) {
  lake::TableView table = view;
  table.name = {"compared", name};
  table.has_row_deletes = false;  // copies_of() refuses those that have
  table.files.clear();
  for (const auto& copy : delivery.files) table.files.push_back(copy.from);
  return table;
}

ComparedDelivery compared(const Taken& delivery, const std::string& cost_column) {
  const Receipt& receipt = delivery.receipt;
  ComparedDelivery result{.id = delivery.record.id,
                          .revision = delivery.record.revision,
                          .recorded_ms = delivery.record.recorded_ms,
                          .source_rows = receipt.source_rows,
                          .loaded_rows = receipt.loaded_rows,
                          .quarantined_rows = receipt.quarantined_rows,
                          .cost = {}};
  for (const auto& [currency, columns] : receipt.sums) {
    const auto sum = columns.find(cost_column);
    if (sum != columns.end()) result.cost[currency] = sum->second;
  }
  return result;
}

/// What was compared is what the receipts proved, or nothing is told.
void check_against_receipts(const BillComparison& comparison) {
  const auto check = [&](const ComparedDelivery& delivery, auto rows_of, auto cost_of) {
    std::map<std::string, ExactSum> cost;
    std::uint64_t rows = 0;
    for (const auto& [currency, diff] : comparison.diff.currencies) {
      cost[currency].add(cost_of(diff.total));
      rows += rows_of(diff.total);
    }
    for (const auto& [currency, sum] : delivery.cost) cost[currency].subtract(sum.loaded);
    const bool is_same =
        std::ranges::all_of(cost, [](const auto& one) { return one.second.is_zero(); });
    if (is_same && rows == delivery.loaded_rows) return;
    throw Error(ErrorKind::kInvalidData,
                "the files of " + delivery.id.version + " (" + delivery.id.partition_name() +
                    ") hold other rows or money than its receipt proved; `finops lake check "
                    "--deep` looks at every file");
  };
  check(
      comparison.from, [](const Change& c) { return c.rows_before; },
      [](const Change& c) { return c.before; });
  check(
      comparison.to, [](const Change& c) { return c.rows_after; },
      [](const Change& c) { return c.after; });
}

BillComparison compare(const OpenLake& lake, const Configuration& configuration,
                       const Versions& versions, std::size_t limit, const std::stop_token& stop) {
  const Taken from = taken(*lake.tables, *versions.from), to = taken(*lake.tables, *versions.to);
  lake::TableView view = lake.tables->view({"billing", to.record.id.table});
  std::erase_if(view.schema.columns, [&](const Column& column) {
    return !has_values(from.receipt, column.name) && !has_values(to.receipt, column.name);
  });
  const std::string cost = cost_column_of(view);
  BillComparison comparison{compared(from, cost), compared(to, cost), {}};
  // Two deliveries without rows have no columns either.
  if (!view.schema.columns.empty()) {
    const auto engine = engine_over({table_of(view, from, "before"), table_of(view, to, "after")},
                                    lake, configuration);
    const BillPair pair{.before = "compared.\"before\"",
                        .after = "compared.\"after\"",
                        .schema = view.schema,
                        .cost_column = cost,
                        .currency_column = currency_column_of(view)};
    comparison.diff = compare_bills(*engine, pair, limit, stop);
  }
  check_against_receipts(comparison);
  return comparison;
}

/// A version is of one source; that others do not know it is told when none does.
std::optional<Versions> versions_if_known(const Records& records, const DiffRequest& request,
                                          std::optional<Error>& unknown) {
  try {
    return versions_of(records, request);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNotFound) throw;
    unknown = error;
    return std::nullopt;
  }
}

}  // namespace

std::vector<BillComparison> compare_deliveries(const OpenLake& lake,
                                               const Configuration& configuration,
                                               const DiffRequest& request,
                                               const std::stop_token& stop) {
  std::vector<BillComparison> comparisons;
  std::optional<Error> unknown;
  for (const Records& records : partitions_of(*lake.tables, request)) {
    const auto versions = versions_if_known(records, request, unknown);
    if (!versions) continue;
    comparisons.push_back(compare(lake, configuration, *versions, request.limit, stop));
  }
  if (comparisons.empty() && unknown) throw Error(*unknown);
  return comparisons;
}

}  // namespace finops
