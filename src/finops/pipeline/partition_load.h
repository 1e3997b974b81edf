#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/core/turns.h"
#include "finops/ledger/bill_partition.h"
#include "finops/pipeline/delivery_decision.h"
#include "finops/pipeline/delivery_rows.h"
#include "finops/pipeline/part_opening.h"
#include "finops/pipeline/pipeline.h"
#include "finops/pipeline/staged_delivery.h"
#include "finops/pipeline/table_columns.h"

namespace finops {

/// One load of one delivery: from its files to one commit of data, quarantine and ledger, or to the
/// reason why there was none. Used once, by one thread. Loads that run at once give their columns
/// names by turns, so that a run always gives the same ones, and are committed by turns within one
/// table and period: of two with one payer's bill the first of the plan is loaded.
class PartitionLoad {
 public:
  PartitionLoad(lake::Lake& lake, const PipelineSettings& settings, Clock& clock,
                const PipelineExport& from, const Delivery& delivery, bool overwrite,
                const RunHooks& hooks, std::stop_token stop, LoadTurns turns);

  /// Throws Error when the load failed: then the lake is as it was, or (kUnknownOutcome) as the
  /// next run will find it.
  PartitionReport run();

 private:
  PartitionReport take(const Decision& decision);
  PartitionReport load();
  PartPlace place() const;
  std::string hash_of(const ObjectInfo& object) const;
  void finish_staging(PartitionReport& report);
  bool is_same_bytes();
  void adopt_manifest();
  void read_headers();
  const DeliveryRecord* waived() const;
  PartitionReport publish(WrittenRows& written, const Receipt& receipt);
  PartitionReport refuse(WrittenRows& written, const std::string& why,
                         const std::string& judged_by);
  PartitionReport publish_once(WrittenRows& written);
  PartitionReport report_of(Outcome outcome, std::string message = "") const;
  PartitionReport report_of(Outcome outcome, const WrittenRows& written) const;
  Receipt receipt_of(const WrittenRows& written);
  DeliveryRecord record_of(const WrittenRows& written) const;
  int next_revision() const;
  lake::PartitionChange data_change(const WrittenRows& written) const;
  std::optional<lake::PartitionChange> quarantine_change(const WrittenRows& written,
                                                         const std::string& kept_version) const;
  void commit(std::vector<lake::PartitionChange> changes, const DeliveryRecord& added);

  lake::Lake& lake_;
  const PipelineSettings& settings_;
  Clock& clock_;
  const PipelineExport& from_;
  const Delivery& delivery_;
  const bool overwrite_;
  const RunHooks& hooks_;
  const std::stop_token stop_;
  LoadTurns turns_;
  StageTimes times_;

  const lake::TableName table_;
  const BillPartition partition_;
  const std::int64_t snapshot_id_;
  ExportId id_;
  PendingFiles pending_;
  LedgerPartition ledger_;               // of all tables
  std::vector<DeliveryRecord> records_;  // of this table
  std::vector<std::string> planned_on_;
  std::vector<ObjectInfo> objects_;
  std::unique_ptr<StagedDelivery> staged_;  // of a remote delivery that is kept
  std::vector<BillPart> parts_;
  std::vector<std::vector<HeaderColumn>> headers_;  // of each part
  std::uint64_t bytes_ = 0;
  PreparedLayout prepared_;
  std::vector<std::string> warnings_;
};

}  // namespace finops
