#include "finops/journal/job.h"

#include <array>
#include <cstdio>
#include <utility>

#include "finops/core/error.h"

namespace finops::journal {
namespace {

constexpr std::array<std::pair<JobState, std::string_view>, 5> kStates = {{
    {JobState::kQueued, "queued"},
    {JobState::kRunning, "running"},
    {JobState::kSucceeded, "succeeded"},
    {JobState::kFailed, "failed"},
    {JobState::kCancelled, "cancelled"},
}};

constexpr std::string_view kShape = "dddd-dd-dd dd:dd:dd";

bool has_shape(std::string_view text) {
  if (text.size() < kShape.size()) return false;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == 'd' ? !is_digit : text[i] != kShape[i]) return false;
  }
  return true;
}

int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

/// Of ".5", ".500000" or nothing; -1 for anything else.
int microseconds_of(std::string_view text) {
  if (text.empty()) return 0;
  text.remove_prefix(1);
  if (text.empty() || text.size() > 6) return -1;
  std::string digits(text);
  digits.resize(6, '0');
  for (const char c : digits) {
    if (c < '0' || c > '9') return -1;
  }
  return number(digits);
}

}  // namespace

std::string to_text(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss in_day(time - day);
  char text[64];
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d.%06d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(in_day.hours().count()), static_cast<int>(in_day.minutes().count()),
      static_cast<int>(in_day.seconds().count()), static_cast<int>(in_day.subseconds().count()));
  return text;
}

Time time_of(std::string_view text) {
  const std::string_view fraction = text.substr(std::min(kShape.size(), text.size()));
  const int micros = fraction.empty() || fraction[0] == '.' ? microseconds_of(fraction) : -1;
  if (!has_shape(text) || micros < 0) {
    throw Error(ErrorKind::kInvalidData, "the journal has a time that is none: '" +
                                             std::string(text) + "'; correct that row");
  }
  const std::chrono::year_month_day date{
      std::chrono::year(number(text.substr(0, 4))),
      std::chrono::month(static_cast<unsigned>(number(text.substr(5, 2)))),
      std::chrono::day(static_cast<unsigned>(number(text.substr(8, 2))))};
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(number(text.substr(11, 2))) +
         std::chrono::minutes(number(text.substr(14, 2))) +
         std::chrono::seconds(number(text.substr(17, 2))) + std::chrono::microseconds(micros);
}

std::string_view to_string(JobState state) {
  for (const auto& [one, text] : kStates) {
    if (one == state) return text;
  }
  return "failed";
}

std::optional<JobState> job_state_of(std::string_view text) {
  for (const auto& [state, name] : kStates) {
    if (name == text) return state;
  }
  return std::nullopt;
}

bool is_ended(JobState state) { return state != JobState::kQueued && state != JobState::kRunning; }

std::string_view status_of(JobState state) {
  if (state == JobState::kSucceeded) return "SUCCESS";
  return is_ended(state) ? "FAILED" : "IN_PROGRESS";
}

}  // namespace finops::journal
