#include "finops/net/http_date.h"

#include <array>
#include <charconv>

namespace finops {
namespace {

/// The digits of `text` from `at` on as a number.
std::optional<int> number(std::string_view text, std::size_t at, std::size_t length) {
  if (text.size() < at + length) return std::nullopt;
  int value = 0;
  const char* begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + length, value);
  if (error != std::errc() || end != begin + length || value < 0) return std::nullopt;
  return value;
}

std::optional<TimePoint> time_of(std::optional<int> year, std::optional<unsigned> month,
                                 std::optional<int> day, std::string_view clock) {
  const auto hour = number(clock, 0, 2), minute = number(clock, 3, 2), second = number(clock, 6, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (clock[2] != ':' || clock[5] != ':') return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return TimePoint(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};

std::optional<unsigned> month_of(std::string_view name) {
  for (unsigned i = 0; i < kMonths.size(); ++i) {
    if (kMonths[i] == name) return i + 1;
  }
  return std::nullopt;
}

}  // namespace

std::optional<TimePoint> parse_http_date(std::string_view text) {
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  return time_of(number(text, 12, 4), month_of(text.substr(8, 3)), number(text, 5, 2),
                 text.substr(17, 8));
}

std::string to_http_date(TimePoint time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::string iso = to_iso8601(time);
  const unsigned month = static_cast<unsigned>(std::chrono::year_month_day(day).month());
  std::string text(kWeekdays[std::chrono::weekday(day).c_encoding()]);
  text += ", " + iso.substr(8, 2) + ' ';
  text += kMonths[month - 1];
  return text + ' ' + iso.substr(0, 4) + ' ' + iso.substr(11, 8) + " GMT";
}

std::optional<TimePoint> parse_iso8601(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T') return std::nullopt;
  const auto month = number(text, 5, 2);
  const auto time = time_of(number(text, 0, 4),
                            month ? std::optional(static_cast<unsigned>(*month)) : std::nullopt,
                            number(text, 8, 2), text.substr(11, 8));
  if (!time) return std::nullopt;
  std::string_view rest = text.substr(19);
  Duration fraction{};
  if (rest.starts_with('.')) {
    const std::size_t end = rest.find_first_not_of("0123456789", 1);
    if (end == 1 || end == std::string_view::npos) return std::nullopt;
    int unit = 100;
    for (std::size_t i = 1; i < end && unit > 0; ++i, unit /= 10) {
      fraction += Duration((rest[i] - '0') * unit);
    }
    rest.remove_prefix(end);
  }
  if (rest == "Z" || rest == "UTC" || rest == "+00:00" || rest == "+0000") return *time + fraction;
  return std::nullopt;
}

}  // namespace finops
