#include "finops/pipeline/rollback.h"

#include <algorithm>
#include <map>
#include <utility>

#include "finops/core/error.h"
#include "finops/ledger/bill_partition.h"
#include "finops/ledger/ledger.h"
#include "finops/ledger/receipt.h"
#include "finops/pipeline/overlap.h"
#include "finops/pipeline/partition_commit.h"
#include "finops/pipeline/partition_history.h"
#include "finops/pipeline/partition_lock.h"
#include "finops/pipeline/pipeline.h"
#include "finops/pipeline/quarantine_writer.h"

namespace finops {
namespace {

using Copies = std::vector<lake::FileCopy>;

class Rollback {
 public:
  Rollback(lake::Lake& lake, const PipelineSettings& settings, Clock& clock,
           const RollbackRequest& request)
      : lake_(lake),
        settings_(settings),
        clock_(clock),
        request_(request),
        partition_{request.of.source, request.of.period.to_string()},
        records_(partition_records(lake, request.of)),
        target_(find_version(records_.of_table, request.version)),
        pending_(lake.store()) {
    if (target_.state == DeliveryState::kRefused) {
      throw Error(ErrorKind::kUsage, "the delivery " + target_.id.version +
                                         " was refused and never in the lake: " + target_.refusal);
    }
  }

  const ExportId& id() const { return target_.id; }

  RollbackReport run() {
    const DeliveryRecord* current = current_delivery(records_.of_table);
    report_.id = target_.id;
    report_.revision = target_.revision;
    report_.loaded_rows = target_.loaded_rows;
    report_.quarantined_rows = target_.quarantined_rows;
    if (current != nullptr && current->id.version == target_.id.version) {
      report_.revision = current->revision;
      hold_current(*current);
      return report_;
    }
    if (current != nullptr) report_.replaced_version = current->id.version;
    bring_back();
    return report_;
  }

 private:
  /// It is where it should be; only the hold is new.
  void hold_current(const DeliveryRecord& current) {
    if (!current.hold.empty()) return;
    report_.is_changed = true;
    if (request_.is_dry_run) return;
    for (auto& record : records_.ledger.records) {
      if (record.id == current.id && record.revision == current.revision) {
        record.hold = reason_json(clock_, request_.reason);
      }
    }
    commit({});
  }

  void bring_back() {
    receipt_ = receipt_from_json(target_.receipt);
    refuse_overlap();
    Copies data, quarantine;
    try {
      data = data_files_of(lake_, target_, receipt_);
      quarantine = quarantine_files_of(lake_, target_);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kNotFound) throw;
      throw with_ways_back(error, target_);
    }
    for (const auto* copies : {&data, &quarantine}) {
      report_.files += copies->size();
      for (const auto& copy : *copies) report_.bytes += copy.from.bytes;
    }
    report_.revision = target_.revision + 1;
    report_.is_changed = true;
    if (request_.is_dry_run) return;
    const std::vector<std::string> live = live_files(lake_, table(), partition_);
    const std::vector<std::string> live_quarantine =
        live_files(lake_, quarantine_table(records_.table), partition_);
    copy_all(data);
    copy_all(quarantine);
    prove(data);
    std::vector<lake::PartitionChange> changes;
    if (!quarantine.empty() || !live_quarantine.empty()) {
      changes.push_back({.table = quarantine_table(records_.table), .partition = partition_});
      changes.back().planned_on = live_quarantine;
      changes.back().add_copies = std::move(quarantine);
    }
    if (!data.empty() || !live.empty()) changes.push_back(data_change(live, std::move(data)));
    add_record();
    const auto lock = PartitionLock::wait_for(
        settings_.lock_folder, {records_.table, "", partition_.billing_period, ""}, clock_, {});
    refuse_overlap();  // again: another source may have loaded the month meanwhile
    commit(std::move(changes));
  }

  void refuse_overlap() const {
    const auto why = overlap_in_lake(lake_, settings_, target_.id, receipt_.mark());
    if (!why) return;
    throw Error(ErrorKind::kConflict, "the delivery " + target_.id.version +
                                          " cannot come back: " + *why + ". Nothing was changed");
  }

  lake::TableName table() const { return {"billing", records_.table}; }

  void copy_all(const Copies& copies) {
    for (const auto& copy : copies) {
      pending_.add(copy.key);
      lake_.store().copy(lake_.key_of(copy.from.uri), copy.key);
    }
  }

  /// The receipt holds for the copies too, or nothing is published.
  void prove(const Copies& data) {
    std::map<std::string, std::string> new_keys;
    for (const auto& copy : data) new_keys[lake_.key_of(copy.from.uri)] = copy.key;
    for (auto& file : receipt_.data_files) {
      const std::string& key = new_keys.at(file.key);
      if (sha256_of_object(lake_.store(), key) != file.sha256) {
        throw Error(ErrorKind::kInvalidData,
                    "'" + file.key + "' is not what the receipt of " + target_.id.version +
                        " proved: its SHA-256 is another. Nothing was changed; `finops lake check "
                        "--deep` looks at every file");
      }
      file.key = key;
    }
  }

  lake::PartitionChange data_change(const std::vector<std::string>& live, Copies data) {
    lake::PartitionChange change{.table = table(), .partition = partition_};
    change.planned_on = live;
    change.add_copies = std::move(data);
    change.snapshot_id = lake::new_snapshot_id();
    change.summary = {{"finops.source", partition_.source},
                      {"finops.billing-period", partition_.billing_period},
                      {"finops.execution-id", target_.id.version},
                      {"finops.rollback-from", report_.replaced_version}};
    report_.snapshot_id = change.snapshot_id;
    return change;
  }

  void add_record() {
    for (auto& record : records_.ledger.records) {
      const bool is_replaced =
          record.id.table == records_.table && record.state == DeliveryState::kCurrent;
      if (!is_replaced) continue;
      record.state = DeliveryState::kSuperseded;
      record.hold.clear();
    }
    DeliveryRecord back = target_;
    back.revision = report_.revision;
    back.state = DeliveryState::kCurrent;
    back.recorded_ms = next_recorded_ms(records_.ledger.records, clock_);
    back.hold = reason_json(clock_, request_.reason);
    receipt_.revision = back.revision;
    receipt_.snapshot_id = report_.snapshot_id;
    receipt_.loaded_at = to_iso8601(clock_.now());
    back.receipt = receipt_to_json(receipt_);
    records_.ledger.records.push_back(std::move(back));
  }

  void commit(std::vector<lake::PartitionChange> changes) {
    commit_with_ledger(lake_, std::move(changes), records_.ledger, pending_);
  }

  lake::Lake& lake_;
  const PipelineSettings& settings_;
  Clock& clock_;
  const RollbackRequest& request_;
  const BillPartition partition_;
  PartitionRecords records_;
  const DeliveryRecord target_;
  PendingFiles pending_;
  Receipt receipt_;
  RollbackReport report_;
};

}  // namespace

RollbackReport roll_back(lake::Lake& lake, const PipelineSettings& settings, Clock& clock,
                         const RollbackRequest& request) {
  const ExportId id = Rollback(lake, settings, clock, request).id();
  const auto lock = PartitionLock::take(settings.lock_folder, id);
  // Again, under the lock: a run may have changed the partition meanwhile.
  return Rollback(lake, settings, clock, request).run();
}

std::vector<ReleaseReport> release_holds(lake::Lake& lake, const std::string& lock_folder,
                                         const std::vector<DeliveryRecord>& held) {
  std::vector<ReleaseReport> released;
  for (const auto& one : held) {
    const auto lock = PartitionLock::take(lock_folder, one.id);
    const lake::PartitionKey partition{one.id.source, one.id.partition};
    LedgerPartition ledger = Ledger(lake).partition(partition);
    for (auto& record : ledger.records) {
      const bool is_held = record.id.table == one.id.table && !record.hold.empty();
      if (!is_held) continue;
      released.push_back({record.id, std::exchange(record.hold, "")});
    }
    PendingFiles pending(lake.store());
    commit_with_ledger(lake, {}, ledger, pending);
  }
  return released;
}

}  // namespace finops
