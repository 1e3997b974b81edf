#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "finops/core/clock.h"

namespace finops::chaos {

/// A clock that stands still but for its sleepers, and jumps when it is told to, back as well.
class JumpingClock : public Clock {
 public:
  explicit JumpingClock(std::int64_t ms) : ms_(ms) {}
  TimePoint now() const override { return TimePoint(Duration(ms_.load())); }
  bool sleep_for(Duration duration, std::stop_token stop) override {
    ms_ += duration.count();
    if (on_sleep_) on_sleep_();
    return !stop.stop_requested();
  }
  /// Called by each sleeper: whoever waits for another one must let it go on.
  void set_on_sleep(std::function<void()> on_sleep) { on_sleep_ = std::move(on_sleep); }
  void jump(Duration by) { ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> ms_;
  std::function<void()> on_sleep_;
};

}  // namespace finops::chaos
