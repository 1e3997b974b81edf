#include "finops/pipeline/run_report.h"

#include <algorithm>

namespace finops {

std::string_view to_string(PlanAction action) {
  switch (action) {
    case PlanAction::kLoad: return "load";
    case PlanAction::kReplace: return "replace";
    case PlanAction::kCheck: return "check";
    case PlanAction::kNothing: return "nothing";
    case PlanAction::kRefused: return "refused";
    case PlanAction::kHeld: return "held";
    case PlanAction::kBroken: return "broken";
  }
  return "nothing";
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kLoaded: return "loaded";
    case Outcome::kReplaced: return "replaced";
    case Outcome::kStaged: return "staged";
    case Outcome::kUnchanged: return "unchanged";
    case Outcome::kRefused: return "refused";
    case Outcome::kEmptyWithheld: return "empty_withheld";
    case Outcome::kHeld: return "held";
    case Outcome::kLocked: return "locked";
    case Outcome::kFailed: return "failed";
  }
  return "failed";
}

RunEnding RunReport::ending() const {
  const auto has = [&](auto... outcomes) {
    return std::ranges::any_of(partitions, [&](const PartitionReport& partition) {
      return ((partition.outcome == outcomes) || ...);
    });
  };
  const bool has_new_quarantine =
      std::ranges::any_of(partitions, [](const PartitionReport& partition) {
        const bool is_new =
            partition.outcome == Outcome::kLoaded || partition.outcome == Outcome::kReplaced;
        return is_new && partition.quarantined_rows > 0;
      });
  return {.is_published = has(Outcome::kLoaded, Outcome::kReplaced, Outcome::kStaged),
          .has_failed = has(Outcome::kFailed, Outcome::kRefused),
          .is_locked = has(Outcome::kLocked),
          .is_imperfect = has(Outcome::kEmptyWithheld) || has_new_quarantine};
}

}  // namespace finops
