#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace finops {

/// A calendar month of charges in UTC, the unit that providers restate as a whole.
class BillingPeriod {
 public:
  BillingPeriod(int year, int month) : months_(year * 12 + month - 1) {}

  /// "YYYY-MM" only; nothing for any other text, for a month 0 or 13, and for years before 2000.
  static std::optional<BillingPeriod> parse(std::string_view text);

  int year() const { return months_ / 12; }
  int month() const { return months_ % 12 + 1; }
  BillingPeriod next() const { return plus(1); }
  BillingPeriod plus(int months) const { return {0, months_ + months + 1}; }
  std::chrono::sys_days first_day() const;
  std::string to_string() const;  // "YYYY-MM"

  auto operator<=>(const BillingPeriod&) const = default;

 private:
  int months_;  // since year 0
};

}  // namespace finops
