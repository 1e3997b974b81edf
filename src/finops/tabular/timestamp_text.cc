#include "finops/tabular/timestamp_text.h"

namespace finops {
namespace {

/// Consumes a text from its front.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool next_is_digit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly `count` digits, whose value is at most `limit`.
  bool number(int count, int limit, int& value) {
    value = 0;
    for (int i = 0; i < count; ++i) {
      if (!next_is_digit()) return false;
      value = value * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return value <= limit;
  }

 private:
  std::string_view rest_;
};

/// Howard Hinnant's civil calendar rule: years start in March, in eras of 400 years.
std::int64_t days_since_1970(int year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const int era = year / 400, year_of_era = year - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * std::int64_t{146097} +
         (year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year) - 719468;
}

bool is_date(int year, int month, int day) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= kDays[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

bool take_date(Scanner& in, bool& is_compact, std::int64_t& days) {
  int year = 0, month = 0, day = 0;
  if (!in.number(4, 9999, year)) return false;
  is_compact = !in.take('-');
  if (!in.number(2, 12, month)) return false;
  if (!is_compact && !in.take('-')) return false;
  if (!in.number(2, 31, day) || !is_date(year, month, day)) return false;
  days = days_since_1970(year, month, day);
  return true;
}

bool take_fraction(Scanner& in, std::int64_t& micros) {
  if (!in.take('.')) return true;
  if (!in.next_is_digit()) return false;
  for (std::int64_t unit = 100'000; in.next_is_digit(); unit /= 10) {
    int digit = 0;
    in.number(1, 9, digit);
    if (unit == 0 && digit != 0) return false;  // finer than a microsecond
    micros += digit * unit;
  }
  return true;
}

bool take_time(Scanner& in, bool is_compact, std::int64_t& micros) {
  int hour = 0, minute = 0, second = 0;
  if (!in.number(2, 23, hour)) return false;
  if (is_compact)
    is_compact = !in.take(':');
  else if (!in.take(':'))
    return false;
  if (!in.number(2, 59, minute)) return false;
  const bool has_seconds = is_compact ? in.next_is_digit() : in.take(':');
  if (has_seconds && !in.number(2, 59, second)) return false;
  micros = ((hour * 60 + minute) * 60 + second) * std::int64_t{1'000'000};
  return !has_seconds || take_fraction(in, micros);
}

bool take_offset(Scanner& in, std::int64_t& micros) {
  if (in.at_end() || in.take('Z')) return true;
  const bool is_west = in.take('-');
  if (!is_west && !in.take('+')) return false;
  int hour = 0, minute = 0;
  if (!in.number(2, 23, hour)) return false;
  const bool has_colon = in.take(':');
  if ((has_colon || !in.at_end()) && !in.number(2, 59, minute)) return false;
  const std::int64_t offset = (hour * 60 + minute) * std::int64_t{60'000'000};
  micros += is_west ? offset : -offset;
  return true;
}

/// Two digits, or something above 99.
unsigned two_digits(const char* at) {
  const unsigned tens = static_cast<unsigned>(at[0]) - '0',
                 ones = static_cast<unsigned>(at[1]) - '0';
  return tens < 10 && ones < 10 ? tens * 10 + ones : 100;
}

/// YYYY-MM-DDTHH:MM:SSZ, the form of nearly every cell; nothing for any other.
std::optional<std::int64_t> parse_usual(const char* at) {
  if (at[4] != '-' || at[7] != '-' || at[10] != 'T' || at[13] != ':' || at[16] != ':' ||
      at[19] != 'Z') {
    return std::nullopt;
  }
  const unsigned century = two_digits(at), year = two_digits(at + 2), month = two_digits(at + 5);
  const unsigned day = two_digits(at + 8), hour = two_digits(at + 11);
  const unsigned minute = two_digits(at + 14), second = two_digits(at + 17);
  if (century > 99 || year > 99 || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const int y = static_cast<int>(century * 100 + year), m = static_cast<int>(month);
  const int d = static_cast<int>(day);
  if (!is_date(y, m, d)) return std::nullopt;
  const std::int64_t seconds = (hour * 60 + minute) * 60 + second;
  return (days_since_1970(y, m, d) * 86'400 + seconds) * std::int64_t{1'000'000};
}

}  // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  if (text.size() == 20) {
    if (const auto usual = parse_usual(text.data())) return usual;
  }
  Scanner in(text);
  bool is_compact = false;
  std::int64_t days = 0, micros = 0;
  if (!take_date(in, is_compact, days)) return std::nullopt;
  if (!in.at_end()) {
    if (!in.take('T') && !in.take(' ')) return std::nullopt;
    if (!take_time(in, is_compact, micros) || !take_offset(in, micros)) return std::nullopt;
    if (!in.at_end()) return std::nullopt;
  }
  return days * std::int64_t{86'400'000'000} + micros;
}

}  // namespace finops
