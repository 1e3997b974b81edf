#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/error.h"

namespace finops {

/// A test hook: numbers the durable calls of a process (what a store or a catalog changes for good)
/// from 1 on and breaks one of them, so that a test can do so with each in turn. FaultyStore and a
/// catalog's wrapper of the same kind share one plan. Safe to call from any thread.
///
/// The program makes its plan from the environment:
///   FINOPS_FAULT=kill-before:7          SIGKILL instead of the 7th durable call
///   FINOPS_FAULT=kill-after:7           SIGKILL once the 7th durable call is done
///   FINOPS_FAULT=fail-before:7[:KIND]   the call is not made, and throws KIND (unavailable)
///   FINOPS_FAULT=fail-after:7[:KIND]    the call is made, and throws KIND (unknown_outcome)
///   FINOPS_FAULT_COUNT=FILE             at the end, FILE has the number of durable calls, and
///                                       FILE.steps their names, one a line
class FaultPlan {
 public:
  enum class Effect { kKill, kFail };
  enum class Moment { kBefore, kAfter };
  struct Fault {
    Effect effect = Effect::kKill;
    Moment moment = Moment::kBefore;
    std::uint64_t at = 1;
    ErrorKind kind = ErrorKind::kUnavailable;  // of kFail

    bool operator==(const Fault&) const = default;
  };

  /// kInvalidConfig, with the valid forms, for any other text.
  static Fault parse(std::string_view text);
  /// Nothing when neither variable is set: then nobody needs to wrap anything.
  static std::shared_ptr<FaultPlan> from_environment();

  /// Without a fault it only counts.
  explicit FaultPlan(std::optional<Fault> fault = std::nullopt, std::string count_file = "");
  virtual ~FaultPlan();
  FaultPlan(const FaultPlan&) = delete;
  FaultPlan& operator=(const FaultPlan&) = delete;

  /// Makes a durable call, unless it is the one that is broken before it happens. `step` names it:
  /// "put billing/…/v3.metadata.json".
  virtual void run(std::string_view step, const std::function<void()>& call);

  std::vector<std::string> steps() const;

 private:
  void break_call(std::string_view step) const;

  const std::optional<Fault> fault_;
  const std::string count_file_;
  mutable std::mutex mutex_;
  std::vector<std::string> steps_;
};

}  // namespace finops
