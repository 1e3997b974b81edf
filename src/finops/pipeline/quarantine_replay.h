#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/core/clock.h"
#include "finops/core/decimal.h"
#include "finops/core/error.h"
#include "finops/lake/lake.h"
#include "finops/ledger/ledger.h"

namespace finops {

struct PipelineSettings;

/// What became of the quarantined rows of one current delivery.
struct ReplayReport {
  ExportId id;
  int revision = 1;                                // of the delivery from now on
  std::uint64_t rows = 0;                          // that were in quarantine
  std::uint64_t loaded = 0;                        // of them, in the lake from now on
  std::map<std::string, ExactSum> unblended_cost;  // of those, by currency
  std::optional<std::int64_t> snapshot_id;
  std::string message;  // why it could not be tried; nothing was changed then
  ErrorKind error_kind = ErrorKind::kInternal;  // with a message
  bool is_changed = false;
};

/// Reads the raw bytes of the quarantined rows of a current delivery again with the rules of this
/// version, as records of their files. Those that fit now move into the lake: data, quarantine and
/// the ledger, with the next revision of the receipt, in one commit. Under dry_run the same is
/// found out in temporary files, and the lake is not touched. Throws kLocked when another run is at
/// this partition, kConflict when the delivery is not current or another source's bill would count
/// twice with these rows, kInvalidData when files without a manifest would not be one bill of one
/// month with them, kUnsupported when its receipt does not tell the files' headers or how rows of
/// such files bear out their period.
ReplayReport replay_quarantine(lake::Lake& lake, const PipelineSettings& settings, Clock& clock,
                               const ExportId& id, bool dry_run, std::stop_token stop);

}  // namespace finops
