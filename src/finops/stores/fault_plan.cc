#include "finops/stores/fault_plan.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <utility>

namespace finops {
namespace {

constexpr ErrorKind kThrowable[] = {
    ErrorKind::kConflict,    ErrorKind::kAlreadyExists,  ErrorKind::kNotFound,
    ErrorKind::kNoSpace,     ErrorKind::kUnavailable,    ErrorKind::kPermissionDenied,
    ErrorKind::kUnsupported, ErrorKind::kUnknownOutcome, ErrorKind::kInternal};

Error no_fault(std::string_view text) {
  return {ErrorKind::kInvalidConfig,
          "FINOPS_FAULT '" + std::string(text) +
              "' is none of kill-before:N, kill-after:N, fail-before:N[:KIND], fail-after:N[:KIND] "
              "with N from 1 on and a KIND such as unavailable or no_space"};
}

/// Takes what stands before the next ':' off `text`.
std::string_view next_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(':'));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

std::optional<std::uint64_t> positive_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

std::optional<ErrorKind> kind_named(std::string_view name) {
  for (const ErrorKind kind : kThrowable) {
    if (to_string(kind) == name) return kind;
  }
  return std::nullopt;
}

}  // namespace

FaultPlan::Fault FaultPlan::parse(std::string_view text) {
  std::string_view rest = text;
  const std::string_view what = next_word(rest);
  Fault fault;
  if (what == "kill-after" || what == "fail-after") {
    fault.moment = Moment::kAfter;
    fault.kind = ErrorKind::kUnknownOutcome;
  } else if (what != "kill-before" && what != "fail-before") {
    throw no_fault(text);
  }
  if (what.starts_with("fail")) fault.effect = Effect::kFail;
  const auto at = positive_number(next_word(rest));
  if (!at) throw no_fault(text);
  fault.at = *at;
  if (rest.empty()) return fault;
  const auto kind = kind_named(rest);
  if (!kind || fault.effect == Effect::kKill) throw no_fault(text);
  fault.kind = *kind;
  return fault;
}

std::shared_ptr<FaultPlan> FaultPlan::from_environment() {
  const char* fault = std::getenv("FINOPS_FAULT");
  const char* count_file = std::getenv("FINOPS_FAULT_COUNT");
  if (fault == nullptr && count_file == nullptr) return nullptr;
  return std::make_shared<FaultPlan>(fault != nullptr ? std::optional(parse(fault)) : std::nullopt,
                                     count_file != nullptr ? count_file : "");
}

FaultPlan::FaultPlan(std::optional<Fault> fault, std::string count_file)
    : fault_(fault), count_file_(std::move(count_file)) {}

FaultPlan::~FaultPlan() {
  if (count_file_.empty()) return;
  std::ofstream(count_file_) << steps_.size() << "\n";
  std::ofstream steps(count_file_ + ".steps");
  for (const std::string& step : steps_) steps << step << "\n";
}

void FaultPlan::run(std::string_view step, const std::function<void()>& call) {
  bool breaks = false;
  {
    const std::lock_guard lock(mutex_);
    steps_.emplace_back(step);
    breaks = fault_ && steps_.size() == fault_->at;
  }
  if (breaks && fault_->moment == Moment::kBefore) break_call(step);
  call();
  if (breaks) break_call(step);
}

void FaultPlan::break_call(std::string_view step) const {
  if (fault_->effect == Effect::kKill) {
    kill(getpid(), SIGKILL);
    while (true) pause();  // the signal may reach us a moment later
  }
  const std::string_view moment = fault_->moment == Moment::kBefore ? " instead of " : " after ";
  throw Error(fault_->kind, "broken on purpose (FINOPS_FAULT)" + std::string(moment) + "'" +
                                std::string(step) + "'");
}

std::vector<std::string> FaultPlan::steps() const {
  const std::lock_guard lock(mutex_);
  return steps_;
}

}  // namespace finops
