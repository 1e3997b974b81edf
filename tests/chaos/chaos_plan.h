#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "finops/core/error.h"
#include "finops/stores/fault_plan.h"
#include "tests/chaos/fault_tally.h"

namespace finops::chaos {

struct PlannedBreak {
  Break how = Break::kRefused;
  ErrorKind kind = ErrorKind::kUnavailable;  // what the caller is told
};

/// The kinds that a broken call may throw.
ErrorKind kind_told(Break how, std::uint64_t choice);

/// The faults of one process that lives in this one: breaks the durable calls that `decide` names,
/// counts what it broke, and refuses everything from a death on.
class ChaosPlan : public FaultPlan {
 public:
  /// Asked once for each durable call with its number, from 1 on.
  using Decide = std::function<std::optional<PlannedBreak>(std::uint64_t number)>;

  /// `pause` comes before and after each durable call: where others may go on.
  ChaosPlan(Decide decide, FaultTally* tally, std::function<void()> pause = nullptr)
      : decide_(std::move(decide)), tally_(tally), pause_(std::move(pause)) {}

  void run(std::string_view step, const std::function<void()>& call) override;
  /// What the process does from now on, for the tally.
  void begin(const std::string& work);

  bool is_dead() const;
  std::uint64_t calls() const;
  std::uint64_t faults() const;

 private:
  std::optional<PlannedBreak> next(std::string_view step);
  [[noreturn]] static void fail(const PlannedBreak& broken, std::string_view step);

  const Decide decide_;
  FaultTally* const tally_;
  const std::function<void()> pause_;
  mutable std::mutex mutex_;
  std::string work_ = "load";
  bool is_dead_ = false;
  std::uint64_t calls_ = 0, faults_ = 0;
};

}  // namespace finops::chaos
