#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "finops/core/clock.h"
#include "finops/notify/notifier.h"
#include "finops/pipeline/run_report.h"
#include "finops/stores/object_store.h"

namespace finops {

/// The closed months whose cost this run changed.
std::vector<MonthChange> closed_month_changes(const RunReport& report);

/// Tells people that the cost of a closed month changed: each change once, by the run that loaded
/// it. One that cannot be delivered is kept in kUntold and tried again by the next run. Runs that
/// end at the same time have to be kept apart by the caller.
class MonthWatch {
 public:
  static constexpr const char* kUntold = "untold.json";

  /// `state` holds kUntold; `host` is named in messages.
  MonthWatch(ObjectStore& state, Notifier& notifier, Clock& clock, std::string host);

  /// Throws what the notifier and the store throw. A broken kUntold counts as none.
  void end_of_run(const RunReport& report, std::stop_token stop);

 private:
  ObjectStore& state_;
  Notifier& notifier_;
  Clock& clock_;
  const std::string host_;
};

}  // namespace finops
