#pragma once

#include <atomic>

#include "finops/core/clock.h"

namespace finops::chaos {

/// A clock that stands still but for its sleepers, and jumps when it is told to, back as well.
class JumpingClock : public Clock {
 public:
  explicit JumpingClock(std::int64_t ms) : ms_(ms) {}
  TimePoint now() const override { return TimePoint(Duration(ms_.load())); }
  bool sleep_for(Duration duration, std::stop_token stop) override {
    ms_ += duration.count();
    return !stop.stop_requested();
  }
  void jump(Duration by) { ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> ms_;
};

}  // namespace finops::chaos
