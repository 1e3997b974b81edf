#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/core/clock.h"
#include "finops/core/error.h"
#include "finops/notify/notifier.h"
#include "finops/pipeline/pipeline.h"
#include "finops/pipeline/run_report.h"
#include "finops/stores/object_store.h"

namespace finops {

/// What came of a run: a report, or the error that ended it.
struct RunEnd {
  Selection selection;
  RunReport report;
  std::optional<Error> error;
};

/// What is not right by this run: what failed, was refused or withheld, rows that went to
/// quarantine, stale sources, and the error that ended the run. A lock is no problem, nor is a run
/// that was interrupted.
std::vector<Problem> problems_of(const RunEnd& end, TimePoint now);

/// Whether the run looked at what `old` is about, so that its silence means that it is over. Not
/// what it was not asked for, what another run has locked, or any period of an export that could
/// not be looked at as a whole.
bool was_looked_at(const Problem& old, const RunEnd& end, TimePoint now);

/// Tells people what changes from run to run, and not what stays as it is: a problem when it is
/// found first, and when it is over. It goes by source, billing period and kind.
///
/// What was told is kept in one object, kTold, which is replaced when the notifier has taken a
/// message: one that cannot be delivered is tried again by the next run. Quarantine is told once
/// for each month and then no problem that a later run recovers from, as its exit code says. Runs
/// that end at the same time have to be kept apart by the caller.
class ProblemWatch {
 public:
  static constexpr const char* kTold = "told.json";

  /// `state` holds kTold; `host` is named in messages.
  ProblemWatch(ObjectStore& state, Notifier& notifier, Clock& clock, std::string host);

  /// Throws what the notifier and the store throw. A broken kTold counts as none.
  void end_of_run(const RunEnd& end, std::stop_token stop);

 private:
  std::vector<Problem> told() const;
  void remember(const std::vector<Problem>& problems);

  ObjectStore& state_;
  Notifier& notifier_;
  Clock& clock_;
  const std::string host_;
};

}  // namespace finops
