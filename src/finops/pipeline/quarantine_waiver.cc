#include "finops/pipeline/quarantine_waiver.h"

#include <utility>

#include "finops/core/error.h"
#include "finops/ledger/receipt.h"
#include "finops/pipeline/partition_commit.h"
#include "finops/pipeline/partition_history.h"
#include "finops/pipeline/partition_lock.h"

namespace finops {
namespace {

/// Those with rows in quarantine now: the current one, and what was refused after it came.
std::vector<DeliveryRecord> with_quarantine(const std::vector<DeliveryRecord>& records) {
  std::vector<DeliveryRecord> found;
  for (const auto& record : records) {  // oldest first
    if (record.state == DeliveryState::kCurrent) found.clear();
    if (record.state == DeliveryState::kRefused) {
      std::erase_if(found, [](const auto& one) { return one.state == DeliveryState::kRefused; });
    }
    const bool counts = record.state != DeliveryState::kSuperseded && record.quarantined_rows > 0;
    if (counts) found.push_back(record);
  }
  return found;
}

DeliveryRecord chosen(const std::vector<DeliveryRecord>& records, const WaiverRequest& request) {
  const std::string partition = request.of.source + " " + request.of.period.to_string();
  const std::vector<DeliveryRecord> found = with_quarantine(records);
  if (found.empty()) {
    throw Error(ErrorKind::kNotFound, partition +
                                          " has no quarantined rows: there is nothing to "
                                          "waive; `finops quarantine ls` lists what there "
                                          "is");
  }
  if (!request.version.empty()) return find_version(found, request.version);
  if (found.size() == 1) return found.front();
  throw Error(ErrorKind::kUsage, partition + " has quarantined rows of the current delivery " +
                                     found.front().id.version + " and of the refused one " +
                                     found.back().id.version + "; say which with --delivery");
}

}  // namespace

WaiverReport waive_quarantine(lake::Lake& lake, const std::string& lock_folder, Clock& clock,
                              const WaiverRequest& request) {
  const ExportId id = chosen(partition_records(lake, request.of).of_table, request).id;
  const auto lock = PartitionLock::take(lock_folder, id);
  // Again, under the lock: a run may have changed the partition meanwhile.
  PartitionRecords records = partition_records(lake, request.of);
  const DeliveryRecord target = chosen(records.of_table, request);
  WaiverReport report{.id = target.id,
                      .quarantined_rows = target.quarantined_rows,
                      .was_refused = target.state == DeliveryState::kRefused,
                      .waiver = reason_json(clock, request.reason)};
  if (request.is_dry_run) return report;
  for (auto& record : records.ledger.records) {
    if (record.id != target.id || record.revision != target.revision) continue;
    record.waiver = report.waiver;
    if (record.receipt.empty()) continue;  // a refused delivery has none
    Receipt receipt = receipt_from_json(record.receipt);
    receipt.waiver = report.waiver;
    record.receipt = receipt_to_json(receipt);
  }
  PendingFiles pending(lake.store());
  commit_with_ledger(lake, {}, records.ledger, pending);
  return report;
}

}  // namespace finops
