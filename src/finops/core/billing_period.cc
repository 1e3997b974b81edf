#include "finops/core/billing_period.h"

#include <cstdio>

namespace finops {

std::optional<BillingPeriod> BillingPeriod::parse(std::string_view text) {
  if (text.size() != 7 || text[4] != '-') return std::nullopt;
  int digits[6];
  for (std::size_t i = 0, n = 0; i < 7; ++i) {
    if (i == 4) continue;
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    digits[n++] = text[i] - '0';
  }
  const int year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3];
  const int month = digits[4] * 10 + digits[5];
  if (year < 2000 || month < 1 || month > 12) return std::nullopt;
  return BillingPeriod(year, month);
}

std::chrono::sys_days BillingPeriod::first_day() const {
  return std::chrono::year(year()) / std::chrono::month(static_cast<unsigned>(month())) / 1;
}

std::string BillingPeriod::to_string() const {
  char text[16];
  std::snprintf(text, sizeof text, "%04d-%02d", year(), month());
  return text;
}

}  // namespace finops
