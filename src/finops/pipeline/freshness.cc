#include "finops/pipeline/freshness.h"

#include <array>
#include <utility>

namespace finops {
namespace {

/// The two largest units: "3 d 4 h", "36 min"; shorter spans in seconds.
std::string span_text(std::chrono::seconds span) {
  constexpr std::array<std::pair<std::int64_t, const char*>, 4> kUnits = {
      {{86'400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}}};
  std::string text;
  int units = 0;
  std::int64_t left = span.count();
  for (const auto& [seconds, name] : kUnits) {
    const std::int64_t count = left / seconds;
    left %= seconds;
    if (count == 0 && units == 0 && seconds > 1) continue;
    if (++units > 2) break;
    if (count > 0 || units == 1) {
      text += (text.empty() ? "" : " ") + std::to_string(count) + " " + name;
    }
  }
  return text;
}

BillingPeriod month_of(TimePoint time) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  return {static_cast<int>(day.year()), static_cast<int>(static_cast<unsigned>(day.month()))};
}

}  // namespace

std::string StaleSource::describe() const {
  if (!newest) return "there is no delivery";
  std::string time = to_iso8601(*newest).substr(0, 16);
  time[10] = ' ';
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*age);
  return "its newest delivery came " + time + " UTC, " + span_text(seconds) + " ago; max_age is " +
         span_text(max_age);
}

std::optional<StaleSource> judge_freshness(const std::string& source, std::chrono::seconds max_age,
                                           std::optional<TimePoint> newest, TimePoint now) {
  if (max_age.count() == 0) return std::nullopt;
  if (!newest) return StaleSource{.source = source, .max_age = max_age};
  const Duration age = now - *newest;
  if (age <= max_age) return std::nullopt;
  return StaleSource{source, newest, age, max_age};
}

bool can_judge_freshness(const PeriodRange& looked_at, TimePoint now) {
  const BillingPeriod current = month_of(now);
  return looked_at.contains(current) && looked_at.contains(current.plus(-1));
}

}  // namespace finops
