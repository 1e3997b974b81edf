#include "finops/pipeline/ledger_agreement.h"

#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "finops/ledger/bill_partition.h"

namespace finops {
namespace {

using Delivered = std::tuple<std::string, std::string, std::string>;  // source, period, version

Delivered delivered_by(const DeliveryRecord& record) {
  return {record.id.source, record.id.partition, record.id.version};
}

std::string in_words(const Delivered& delivered) {
  const auto& [source, period, version] = delivered;
  return source + " " + period + " " + (version.empty() ? "(of no delivery)" : version);
}

std::map<Delivered, std::uint64_t> live_rows(const lake::TableView& view) {
  std::map<Delivered, std::uint64_t> rows;
  for (const auto& file : view.files) {
    const auto partition = BillPartition::of(file.partition);
    rows[{partition.source, partition.billing_period, file.execution_id}] +=
        static_cast<std::uint64_t>(file.rows);
  }
  return rows;
}

/// `expected`: rows by delivery. `tolerated`: may have any number of rows.
std::vector<std::string> disagreements(const lake::TableView& view,
                                       std::map<Delivered, std::uint64_t> expected,
                                       const std::set<Delivered>& tolerated) {
  std::vector<std::string> found;
  auto rows = live_rows(view);
  for (const auto& [delivered, count] : rows) {
    if (!tolerated.contains(delivered)) expected.try_emplace(delivered, 0);
  }
  for (const auto& [delivered, count] : expected) {
    const auto live = rows[delivered];
    if (live == count) continue;
    found.push_back(view.name.to_string() + " has " + std::to_string(live) + " rows of " +
                    in_words(delivered) + ", the ledger says " + std::to_string(count));
  }
  return found;
}

}  // namespace

std::vector<std::string> bill_disagreements(const lake::TableView& view,
                                            const std::vector<DeliveryRecord>& records) {
  std::map<Delivered, std::uint64_t> expected;
  for (const auto& record : records) {
    const bool counts =
        record.id.table == view.name.name && record.state == DeliveryState::kCurrent;
    if (counts) expected[delivered_by(record)] = record.loaded_rows;
  }
  return disagreements(view, std::move(expected), {});
}

std::vector<std::string> quarantine_disagreements(const lake::TableView& view,
                                                  const std::string& table,
                                                  const std::vector<DeliveryRecord>& records) {
  std::map<Delivered, std::uint64_t> expected;
  std::set<Delivered> refused;
  for (const auto& record : records) {
    if (record.id.table != table) continue;
    if (record.state == DeliveryState::kCurrent) {
      expected[delivered_by(record)] = record.quarantined_rows;
    }
    if (record.state == DeliveryState::kRefused) refused.insert(delivered_by(record));
  }
  return disagreements(view, std::move(expected), refused);
}

}  // namespace finops
