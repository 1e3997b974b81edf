#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "finops/core/clock.h"
#include "finops/core/export_id.h"
#include "finops/lake/lake.h"
#include "finops/ledger/ledger.h"
#include "finops/pipeline/partition_records.h"

namespace finops {

struct PipelineSettings;

/// Which delivery of a (source, period) is to be current again.
struct RollbackRequest {
  PartitionChoice of;
  std::string version;  // an execution id, or a unique beginning of one
  std::string reason;   // kept with the hold
  bool is_dry_run = false;
};

struct RollbackReport {
  ExportId id;  // current from now on
  int revision = 1;
  std::string replaced_version;  // empty: it was current already, and is only held
  std::uint64_t loaded_rows = 0, quarantined_rows = 0;
  std::uint64_t files = 0, bytes = 0;  // copied within the lake
  std::optional<std::int64_t> snapshot_id;
  bool is_changed = false;
};

/// One hold, and whether this call let it go.
struct ReleaseReport {
  ExportId id;       // the delivery that newer ones waited behind
  std::string hold;  // JSON {"since","reason"}
};

/// Makes a delivery current again: its data and quarantine files are copied under new names, proved
/// by the SHA-256 of its receipt, and become the partition's with the ledger in one commit. A hold
/// keeps newer deliveries out until release(). Throws kNotFound when the ledger or the snapshots do
/// not reach back so far, kUsage for a version that never was in the lake, kConflict when
/// another source's bill would count twice with it, kLocked when another run is at this partition.
RollbackReport roll_back(lake::Lake& lake, const PipelineSettings& settings, Clock& clock,
                         const RollbackRequest& request);

/// Takes the holds of these records away; they are current ones that have one.
std::vector<ReleaseReport> release_holds(lake::Lake& lake, const std::string& lock_folder,
                                         const std::vector<DeliveryRecord>& held);

}  // namespace finops
