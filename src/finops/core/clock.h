#pragma once

#include <chrono>
#include <stop_token>
#include <string>

namespace finops {

using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

/// Time as the rest of finops sees it. Nothing else calls system_clock or sleeps, so every wait
/// and every timestamp can be driven by a test. Safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual TimePoint now() const = 0;

  /// Returns early, with false, when a stop is requested.
  virtual bool sleep_for(Duration duration, std::stop_token stop) = 0;
};

/// The machine's clock.
Clock& system_clock();

/// "2026-05-31T23:59:59.999Z", UTC.
std::string to_iso8601(TimePoint time);

}  // namespace finops
