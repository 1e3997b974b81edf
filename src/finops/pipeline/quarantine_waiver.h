#pragma once

#include <cstdint>
#include <string>

#include "finops/core/clock.h"
#include "finops/core/export_id.h"
#include "finops/lake/lake.h"
#include "finops/pipeline/partition_records.h"

namespace finops {

/// Whose quarantined rows are accepted as they are, and why.
struct WaiverRequest {
  PartitionChoice of;
  std::string version;  // an execution id or a unique beginning of one; empty: the only one
                        // that has quarantined rows
  std::string reason;
  bool is_dry_run = false;
};

struct WaiverReport {
  ExportId id;
  std::uint64_t quarantined_rows = 0;
  bool was_refused = false;  // the next run loads it, without its quarantined rows
  std::string waiver;        // JSON {"since","reason"}
};

/// Records that the quarantined rows of a delivery are accepted: of the current one, or of one that
/// was refused because of them, which the next run loads then. No row and no sum changes; the rows
/// stay in quarantine and in the receipt, which tells the waiver. Throws kNotFound when there is
/// nothing to waive, kUsage when it must be told which, kLocked when another run is at this
/// partition.
WaiverReport waive_quarantine(lake::Lake& lake, const std::string& lock_folder, Clock& clock,
                              const WaiverRequest& request);

}  // namespace finops
