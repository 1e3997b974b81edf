#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "finops/core/decimal.h"
#include "finops/core/error.h"
#include "finops/core/export_id.h"
#include "finops/pipeline/cost_change.h"
#include "finops/pipeline/freshness.h"
#include "finops/pipeline/run_ending.h"

namespace finops {

/// What a plan says about one (source, period), and why.
enum class PlanAction {
  kLoad,     // not in the lake yet
  kReplace,  // another delivery is current
  kCheck,    // same delivery id under a changed manifest: the files' hashes will decide
  kNothing,  // this delivery is current
  kRefused,  // refused before, and nothing that could change that has changed
  kHeld,     // a rollback's hold keeps newer deliveries out
  kBroken,   // its manifest cannot be used: see `reason`
};
std::string_view to_string(PlanAction action);

struct PlanItem {
  ExportId id;  // partition may be empty when a broken manifest does not tell its period
  PlanAction action = PlanAction::kNothing;
  std::string current_version;         // in the lake now; empty: none
  std::uint64_t files = 0, bytes = 0;  // to be read
  std::string manifest_key;
  std::string reason;                              // one sentence
  ErrorKind error_kind = ErrorKind::kInvalidData;  // of kBroken
};

/// What a run would do.
struct RunPlan {
  std::vector<PlanItem> items;
  std::vector<std::string> notes;  // on what was found and is not loaded
};

/// What a run did with one (source, period).
enum class Outcome {
  kLoaded,         // first delivery of its partition
  kReplaced,       // in place of another
  kStaged,         // downloaded to the staging area
  kUnchanged,      // nothing to do
  kRefused,        // above a threshold: not published
  kEmptyWithheld,  // an empty delivery does not replace rows unless told
  kHeld,
  kLocked,  // another run is at it
  kFailed,
};
std::string_view to_string(Outcome outcome);

/// What one stage cost. Retries are the requests that were sent again meanwhile, by the whole run:
/// what is loaded at once shares its connections.
struct StageReport {
  std::string
      stage;  // "prepare", "load", "verify", "costs", "commit"; of a run "discover", "deliveries"
  std::uint64_t bytes = 0, rows = 0;
  double seconds = 0;
  std::uint64_t retries = 0;
};

struct PartitionReport {
  ExportId id;
  Outcome outcome = Outcome::kUnchanged;
  std::string replaced_version;
  std::uint64_t files = 0, compressed_bytes = 0, text_bytes = 0;
  std::uint64_t source_rows = 0, loaded_rows = 0, quarantined_rows = 0;
  std::map<std::string, ExactSum> unblended_cost;  // loaded, by currency
  std::optional<CostChange> cost_change;           // of kReplaced
  std::vector<std::string> new_columns;
  std::optional<std::int64_t> snapshot_id;
  double seconds = 0;
  std::vector<StageReport> stages;  // in their order; of what was read
  std::string message;              // of everything but a plain success
  std::vector<std::string> warnings;
  ErrorKind error_kind = ErrorKind::kInternal;  // of kFailed
};

struct RunReport {
  std::vector<PartitionReport> partitions;
  std::vector<StaleSource> stale;  // no part of the exit code
  std::vector<std::string> notes;  // on what was found and is not loaded; neither
  bool is_changed = false;
  double seconds = 0;
  std::vector<StageReport> stages;

  RunEnding ending() const;
  int exit_code() const { return ending().exit_code(); }
};

}  // namespace finops
