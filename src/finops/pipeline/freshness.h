#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "finops/core/clock.h"
#include "finops/sources/billing_source.h"

namespace finops {

/// A source that nothing new came from for longer than its configuration allows.
struct StaleSource {
  std::string source;
  /// When the newest manifest of all its periods was written, and how long ago that is; nothing
  /// when there is no manifest at all.
  std::optional<TimePoint> newest;
  std::optional<Duration> age;
  std::chrono::seconds max_age{};

  /// "its newest delivery came 2026-05-30 10:00 UTC, 3 d 4 h ago; max_age is 1 d 12 h", or "there
  /// is no delivery".
  std::string describe() const;
};

/// What to do about it.
inline constexpr const char* kAdviceForStale =
    "look in AWS whether the export is still on and may write to its bucket; max_age sets how old "
    "is too old";

/// Nothing when the source is fresh: its newest manifest is not older than `max_age`, or `max_age`
/// is 0, which switches this off. A time in the future, by a clock that is ahead, is fresh.
std::optional<StaleSource> judge_freshness(const std::string& source, std::chrono::seconds max_age,
                                           std::optional<TimePoint> newest, TimePoint now);

/// Whether a look at these periods can tell: the current month and the one before have to be among
/// them. A provider delivers those; of any month that is closed the last delivery is old for ever.
bool can_judge_freshness(const PeriodRange& looked_at, TimePoint now);

}  // namespace finops
