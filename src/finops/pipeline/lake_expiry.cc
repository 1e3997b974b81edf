#include "finops/pipeline/lake_expiry.h"

#include <algorithm>
#include <optional>
#include <ranges>
#include <tuple>
#include <utility>

#include "finops/ledger/ledger.h"
#include "finops/ledger/receipt.h"
#include "finops/pipeline/quarantine_writer.h"

namespace finops {
namespace {

using PartitionName = std::tuple<std::string, std::string, std::string>;  // table, source, period
using SnapshotIds = std::map<lake::TableName, std::set<std::int64_t>>;

/// Of one partition, whose records come oldest first: the last record of each version that stays.
std::vector<const DeliveryRecord*> kept_records(const std::vector<const DeliveryRecord*>& records,
                                                int versions) {
  std::vector<const DeliveryRecord*> kept;
  std::set<std::string> seen;
  for (const DeliveryRecord* const one : std::views::reverse(records)) {
    const DeliveryRecord& record = *one;
    if (record.state == DeliveryState::kRefused || !seen.insert(record.id.version).second) continue;
    const bool is_kept = std::ssize(kept) < versions || record.state == DeliveryState::kCurrent;
    if (is_kept) kept.push_back(&record);
  }
  return kept;
}

/// Where the quarantined rows of past deliveries can still be seen.
class QuarantineHistory {
 public:
  QuarantineHistory(lake::Lake& lake, lake::TableName table)
      : lake_(lake), table_(std::move(table)), snapshots_(lake.snapshots(table_)) {
    std::ranges::stable_sort(snapshots_, {}, &lake::SnapshotInfo::committed_ms);
  }

  /// Data and quarantine of one commit carry one timestamp, so it is nearly always the snapshot
  /// that was current at `committed_ms`; else the oldest that shows the rows.
  std::optional<std::int64_t> snapshot_with(const DeliveryRecord& record,
                                            std::optional<std::int64_t> committed_ms) {
    if (committed_ms) {
      const auto next = std::ranges::upper_bound(snapshots_, *committed_ms, {},
                                                 &lake::SnapshotInfo::committed_ms);
      if (next != snapshots_.begin() && shows(std::prev(next)->id, record)) {
        return std::prev(next)->id;
      }
    }
    for (const auto& snapshot : snapshots_) {
      if (shows(snapshot.id, record)) return snapshot.id;
    }
    return std::nullopt;
  }

 private:
  bool shows(std::int64_t snapshot, const DeliveryRecord& record) {
    const lake::PartitionKey partition{record.id.source, record.id.partition};
    const auto view = lake_.view(table_, snapshot);
    std::int64_t rows = 0;
    for (const auto& file : view.files) {
      const bool counts = file.partition == partition && file.execution_id == record.id.version;
      if (counts) rows += file.rows;
    }
    return rows == static_cast<std::int64_t>(record.quarantined_rows);
  }

  lake::Lake& lake_;
  const lake::TableName table_;
  std::vector<lake::SnapshotInfo> snapshots_;
};

/// What the kept versions need of one table and its quarantine.
class KeptSnapshots {
 public:
  KeptSnapshots(lake::Lake& lake, const std::string& table) : table_{"billing", table} {
    if (lake.has_table(table_)) {
      for (const auto& snapshot : lake.snapshots(table_)) {
        committed_ms_[snapshot.id] = snapshot.committed_ms;
      }
    }
    const auto quarantine = quarantine_table(table);
    if (lake.has_table(quarantine)) quarantine_.emplace(lake, quarantine);
  }

  void add(const DeliveryRecord& record, SnapshotIds& ids) {
    if (record.receipt.empty()) return;
    const Receipt receipt = receipt_from_json(record.receipt);
    std::optional<std::int64_t> committed_ms;
    if (receipt.snapshot_id) {
      ids[table_].insert(*receipt.snapshot_id);
      const auto it = committed_ms_.find(*receipt.snapshot_id);
      if (it != committed_ms_.end()) committed_ms = it->second;
    }
    if (receipt.quarantined_rows == 0 || !quarantine_) return;
    const auto snapshot = quarantine_->snapshot_with(record, committed_ms);
    if (snapshot) ids[quarantine_table(table_.name)].insert(*snapshot);
  }

 private:
  const lake::TableName table_;
  std::map<std::int64_t, std::int64_t> committed_ms_;  // by snapshot
  std::optional<QuarantineHistory> quarantine_;
};

std::map<std::string, std::uint64_t> sizes_below(lake::Lake& lake, const std::string& location) {
  std::map<std::string, std::uint64_t> sizes;
  for (const auto& object : lake.store().list(lake.key_of(location) + "/")) {
    sizes[object.key] = object.size;
  }
  return sizes;
}

void expire_table(lake::Lake& lake, const lake::Retention& retention, bool dry_run,
                  TableExpiry& report) {
  const auto planned = lake.expire_snapshots(report.table, retention, true);
  report.kept_snapshots = lake.snapshots(report.table).size() - planned.snapshots.size();
  if (planned.snapshots.empty()) return;
  // Their sizes must be known before they go, and one listing is cheaper than asking for each.
  const auto sizes = sizes_below(lake, lake.view(report.table).location);
  const auto done = dry_run ? planned : lake.expire_snapshots(report.table, retention, false);
  report.expired_snapshots = done.snapshots.size();
  report.files = done.files.size();
  for (const auto& uri : done.files) {
    const auto it = sizes.find(lake.key_of(uri));
    if (it != sizes.end()) report.bytes += it->second;
  }
}

}  // namespace

bool LakeExpiry::is_changed() const {
  return !is_dry_run && std::ranges::any_of(tables, [](const TableExpiry& table) {
    return table.expired_snapshots > 0;
  });
}

bool LakeExpiry::has_failed() const {
  return std::ranges::any_of(tables, [](const auto& table) { return !table.failure.empty(); });
}

SnapshotIds snapshots_of_kept_versions(lake::Lake& lake, int versions) {
  const auto records = Ledger(lake).records(true);
  std::map<PartitionName, std::vector<const DeliveryRecord*>> partitions;
  for (const auto& record : records) {
    partitions[{record.id.table, record.id.source, record.id.partition}].push_back(&record);
  }
  std::map<std::string, KeptSnapshots> tables;
  SnapshotIds ids;
  for (const auto& [name, of_partition] : partitions) {
    auto& table = tables.try_emplace(std::get<0>(name), lake, std::get<0>(name)).first->second;
    for (const auto* record : kept_records(of_partition, versions)) table.add(*record, ids);
  }
  return ids;
}

LakeExpiry expire_lake(lake::Lake& lake, const KeptPast& kept, Clock& clock, bool dry_run) {
  LakeExpiry report{.is_dry_run = dry_run};
  // Before the ledger is read: what is committed from now on is too young to expire.
  const auto older_than = clock.now() - std::chrono::days(kept.days);
  const auto ids = snapshots_of_kept_versions(lake, kept.versions);
  for (const auto& name : lake.tables()) {
    if (name.name_space != Ledger::table().name_space) continue;
    TableExpiry& table = report.tables.emplace_back(TableExpiry{.table = name});
    lake::Retention retention{.older_than_ms = older_than.time_since_epoch().count()};
    if (const auto it = ids.find(name); it != ids.end()) retention.keep = it->second;
    try {
      expire_table(lake, retention, dry_run, table);
    } catch (const Error& error) {
      table.failure = error.what();
      table.error_kind = error.kind();
    }
  }
  return report;
}

}  // namespace finops
