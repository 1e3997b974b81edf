#include "finops/cli/as_of.h"

#include <chrono>

#include "finops/config/value_text.h"
#include "finops/core/error.h"

namespace finops {
namespace {

/// Takes what it is asked for from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool is_done() const { return text_.empty(); }
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool take_one_of(char a, char b) { return take(a) || take(b); }
  /// Exactly `digits` digits.
  std::optional<int> number(std::size_t digits) {
    if (text_.size() < digits) return std::nullopt;
    int value = 0;
    for (const char c : text_.substr(0, digits)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    text_.remove_prefix(digits);
    return value;
  }
  /// One to nine digits behind a point, as milliseconds; later ones are cut.
  std::optional<int> milliseconds() {
    std::size_t digits = 0;
    int value = 0;
    while (digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9') {
      if (digits < 3) value = value * 10 + (text_[digits] - '0');
      ++digits;
    }
    if (digits == 0 || digits > 9) return std::nullopt;
    text_.remove_prefix(digits);
    for (std::size_t i = digits; i < 3; ++i) value *= 10;
    return value;
  }

 private:
  std::string_view text_;
};

using std::chrono::milliseconds;
using std::chrono::sys_time;

std::optional<sys_time<milliseconds>> take_day(Scanner& scanner) {
  const auto year = scanner.number(4);
  if (!year || !scanner.take('-')) return std::nullopt;
  const auto month = scanner.number(2);
  if (!month || !scanner.take('-')) return std::nullopt;
  const auto day = scanner.number(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

/// "HH:MM[:SS[.fff]]"
std::optional<milliseconds> take_time_of_day(Scanner& scanner) {
  const auto hour = scanner.number(2);
  if (!hour || *hour > 23 || !scanner.take(':')) return std::nullopt;
  const auto minute = scanner.number(2);
  if (!minute || *minute > 59) return std::nullopt;
  milliseconds time = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  if (!scanner.take(':')) return time;
  const auto second = scanner.number(2);
  if (!second || *second > 59) return std::nullopt;
  time += std::chrono::seconds(*second);
  if (!scanner.take('.')) return time;
  const auto fraction = scanner.milliseconds();
  if (!fraction) return std::nullopt;
  return time + milliseconds(*fraction);
}

/// "Z", "+02:00", "-0530" or nothing, which is UTC.
std::optional<std::chrono::minutes> take_offset(Scanner& scanner) {
  if (scanner.is_done() || scanner.take_one_of('Z', 'z')) return std::chrono::minutes(0);
  const bool is_east = scanner.take('+');
  if (!is_east && !scanner.take('-')) return std::nullopt;
  const auto hours = scanner.number(2);
  scanner.take(':');
  const auto minutes = scanner.number(2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return is_east ? offset : -offset;
}

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text) {
  Scanner scanner(text);
  const auto day = take_day(scanner);
  if (!day) return std::nullopt;
  if (scanner.is_done()) return day->time_since_epoch().count();
  if (!scanner.take_one_of('T', 't') && !scanner.take(' ')) return std::nullopt;
  const auto time = take_time_of_day(scanner);
  if (!time) return std::nullopt;
  scanner.take(' ');
  const auto offset = take_offset(scanner);
  if (!offset || !scanner.is_done()) return std::nullopt;
  return (*day + *time - *offset).time_since_epoch().count();
}

TimeTravel parse_as_of(const std::vector<std::string>& values) {
  TimeTravel result;
  for (const std::string& value : values) {
    const std::size_t equals = value.find('=');
    if (equals == std::string::npos) {
      const auto time = parse_time(value);
      if (!time) {
        throw Error(ErrorKind::kUsage,
                    "--as-of: '" + value +
                        "' is neither a time nor TABLE=SNAPSHOT; write 2026-05-31, "
                        "\"2026-05-31 14:30\" (UTC), 2026-05-31T14:30:00+02:00 or "
                        "aws_billing_data=3051729675574597004");
      }
      if (result.at_ms) throw Error(ErrorKind::kUsage, "--as-of: two times; give one");
      result.at_ms = time;
      continue;
    }
    const auto snapshot = parse_integer(std::string_view(value).substr(equals + 1));
    if (equals == 0 || !snapshot) {
      throw Error(ErrorKind::kUsage, "--as-of: '" + value +
                                         "' must be TABLE=SNAPSHOT with a snapshot's number; "
                                         "`finops receipt` shows them");
    }
    if (!result.snapshots.emplace(value.substr(0, equals), *snapshot).second) {
      throw Error(ErrorKind::kUsage,
                  "--as-of: the table '" + value.substr(0, equals) + "' is given twice");
    }
  }
  return result;
}

}  // namespace finops
