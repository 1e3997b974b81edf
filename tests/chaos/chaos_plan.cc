#include "tests/chaos/chaos_plan.h"

#include <string>

namespace finops::chaos {
namespace {

bool is_death(Break how) { return how == Break::kDeathBefore || how == Break::kDeathAfter; }

bool comes_before(Break how) { return how == Break::kRefused || how == Break::kDeathBefore; }

}  // namespace

ErrorKind kind_told(Break how, std::uint64_t choice) {
  constexpr ErrorKind kRefusals[] = {ErrorKind::kUnavailable, ErrorKind::kNoSpace,
                                     ErrorKind::kPermissionDenied};
  constexpr ErrorKind kLosses[] = {ErrorKind::kUnknownOutcome, ErrorKind::kUnavailable};
  return how == Break::kRefused ? kRefusals[choice % 3] : kLosses[choice % 2];
}

void ChaosPlan::run(std::string_view step, const std::function<void()>& call) {
  if (pause_) pause_();
  const auto broken = next(step);
  if (broken && comes_before(broken->how)) fail(*broken, step);
  call();
  if (broken) fail(*broken, step);
  if (pause_) pause_();
}

void ChaosPlan::begin(const std::string& work) {
  const std::lock_guard lock(mutex_);
  work_ = work;
}

std::optional<PlannedBreak> ChaosPlan::next(std::string_view step) {
  const std::lock_guard lock(mutex_);
  // After a death only what was decided before: nothing is made, nothing is counted.
  if (is_dead_) return PlannedBreak{Break::kRefused, ErrorKind::kUnavailable};
  const auto broken = decide_ ? decide_(++calls_) : std::nullopt;
  if (!broken) return std::nullopt;
  ++faults_;
  if (tally_ != nullptr) tally_->add(hit_place(step), broken->how, work_);
  is_dead_ = is_death(broken->how);
  return broken;
}

void ChaosPlan::fail(const PlannedBreak& broken, std::string_view step) {
  throw Error(broken.kind, "broken on purpose (" + std::string(to_string(broken.how)) + "): '" +
                               std::string(step) + "'");
}

bool ChaosPlan::is_dead() const {
  const std::lock_guard lock(mutex_);
  return is_dead_;
}

std::uint64_t ChaosPlan::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::uint64_t ChaosPlan::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

}  // namespace finops::chaos
