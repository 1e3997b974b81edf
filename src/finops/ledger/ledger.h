#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "finops/core/clock.h"
#include "finops/core/export_id.h"
#include "finops/lake/lake.h"

namespace finops {

enum class DeliveryState {
  kCurrent,     // its rows are the partition's rows
  kSuperseded,  // was current once
  kRefused,     // above a threshold: only its quarantined rows are kept
};
std::string_view to_string(DeliveryState state);

/// One row of `billing.deliveries`: a revision of a delivery. Life: a delivery enters as current or
/// refused; when another becomes current it turns superseded, and current again when it is loaded
/// or rolled back to. Rows are never removed.
struct DeliveryRecord {
  ExportId id;
  int revision = 1;
  DeliveryState state = DeliveryState::kCurrent;
  std::int64_t recorded_ms = 0;
  std::uint64_t source_rows = 0, loaded_rows = 0, quarantined_rows = 0;
  std::string manifest_key, manifest_etag;
  /// (exact source name, column of the lake), in the order of the layout.
  std::vector<std::pair<std::string, std::string>> columns;
  std::string receipt;    // JSON; empty when the record was read without it
  std::string refusal;    // why it was refused
  std::string judged_by;  // thresholds and version of finops that refused it
  std::string hold;       // JSON {"since","reason"}; empty: none
  std::string waiver;     // JSON {"since","reason"}: its quarantined rows were accepted; empty: no
};

/// The records of one partition as they were read, and the files that held them: a change is
/// planned on what it was made from, so that nobody's record is written over unseen.
struct LedgerPartition {
  lake::PartitionKey key;
  std::vector<DeliveryRecord> records;  // of all tables, oldest first, with their receipts
  std::vector<std::string> files;       // their URIs
};

/// The ledger table of a lake: what was taken, and the proof. Reading is cheap (one small Parquet
/// file per partition); a change is planned here and committed with the data by lake.commit().
/// One thread at a time.
class Ledger {
 public:
  explicit Ledger(lake::Lake& lake) : lake_(lake) {}

  static lake::TableName table();

  /// All records, or those of one partition, oldest first; without their receipts unless
  /// `with_receipts`. Empty when there is no ledger yet.
  std::vector<DeliveryRecord> records(bool with_receipts,
                                      std::optional<lake::PartitionKey> only = std::nullopt) const;

  /// All records of one period with their receipts, oldest first.
  std::vector<DeliveryRecord> records_of_period(const std::string& billing_period) const;

  LedgerPartition partition(const lake::PartitionKey& key) const;

  /// The change that leaves the ledger with these records of the partition; whoever commits it gets
  /// kConflict when others were written since they were read. Creates the ledger table if need be.
  lake::PartitionChange replace(const LedgerPartition& partition);

 private:
  std::vector<DeliveryRecord> read(bool with_receipts,
                                   const std::function<bool(const lake::PartitionKey&)>& wants,
                                   std::vector<std::string>* files = nullptr) const;

  lake::Lake& lake_;
};

/// When a record that comes behind `records` of its partition is recorded: now, and never before
/// them, because clocks go back and the order of the records is the partition's history.
std::int64_t next_recorded_ms(const std::vector<DeliveryRecord>& records, const Clock& clock);

/// The current delivery among the records of one partition; nullptr when there is none.
const DeliveryRecord* current_delivery(const std::vector<DeliveryRecord>& records);

}  // namespace finops
