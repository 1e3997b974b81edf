#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "finops/pipeline/run_report.h"

namespace finops {

/// Takes down what a run's stages cost, one after the other. One thread.
class StageTimes {
 public:
  /// `retries` counts the repeated requests of the whole run so far; may be empty.
  explicit StageTimes(std::function<std::uint64_t()> retries)
      : retries_(std::move(retries)), retries_before_(retries_now()) {}

  /// The stage that went on since the last one ended, or since this object was made.
  void end(std::string stage, std::uint64_t bytes = 0, std::uint64_t rows = 0) {
    const auto now = std::chrono::steady_clock::now();
    const std::uint64_t retries = retries_now();
    stages_.push_back({.stage = std::move(stage),
                       .bytes = bytes,
                       .rows = rows,
                       .seconds = std::chrono::duration<double>(now - since_).count(),
                       .retries = retries - retries_before_});
    since_ = now;
    retries_before_ = retries;
  }

  const std::vector<StageReport>& stages() const { return stages_; }

 private:
  std::uint64_t retries_now() const { return retries_ ? retries_() : 0; }

  std::function<std::uint64_t()> retries_;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  std::uint64_t retries_before_;
  std::vector<StageReport> stages_;
};

}  // namespace finops
