#include "finops/sources/aws_cur/layout.h"

#include <algorithm>

namespace finops::aws_cur {

namespace {

bool are_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_day(std::string_view text) { return are_digits(text) && text >= "01" && text <= "31"; }

std::optional<BillingPeriod> month_of_compact(std::string_view date) {
  if (date.size() != 8 || !are_digits(date) || !is_day(date.substr(6))) return std::nullopt;
  return BillingPeriod::parse(std::string(date.substr(0, 4)) + "-" +
                              std::string(date.substr(4, 2)));
}

}  // namespace

std::optional<BillingPeriod> period_of_date(std::string_view text) {
  std::string_view date = text.substr(0, text.find_first_of("T "));
  if (date.size() == 8) return month_of_compact(date);
  if (date.size() == 10) {
    if (date[7] != '-' || !is_day(date.substr(8))) return std::nullopt;
    return BillingPeriod::parse(date.substr(0, 7));
  }
  return date.size() == text.size() ? BillingPeriod::parse(date) : std::nullopt;
}

std::optional<BillingPeriod> period_of_range(std::string_view folder) {
  if (folder.size() != 17 || folder[8] != '-') return std::nullopt;
  const auto start = month_of_compact(folder.substr(0, 8));
  const auto end = month_of_compact(folder.substr(9));
  if (!start || !end || folder.substr(0, 8) >= folder.substr(9)) return std::nullopt;
  return start;
}

std::optional<BillingPeriod> period_of_partition(std::string_view folder) {
  constexpr std::string_view kName = "BILLING_PERIOD=";
  if (!folder.starts_with(kName)) return std::nullopt;
  return BillingPeriod::parse(folder.substr(kName.size()));
}

std::optional<BillingPeriod> period_of_hive(std::string_view year, std::string_view month) {
  constexpr std::string_view kYear = "year=", kMonth = "month=";
  if (!year.starts_with(kYear) || !month.starts_with(kMonth)) return std::nullopt;
  std::string number(month.substr(kMonth.size()));
  if (number.size() == 1) number.insert(0, "0");
  return BillingPeriod::parse(std::string(year.substr(kYear.size())) + "-" + number);
}

std::string_view last_name(std::string_view folder) {
  if (folder.ends_with('/')) folder.remove_suffix(1);
  return folder.substr(folder.rfind('/') + 1);  // npos + 1 is 0: the only name
}

std::string folder_prefix(std::string_view prefix) {
  while (prefix.starts_with('/')) prefix.remove_prefix(1);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return prefix.empty() ? std::string() : std::string(prefix) + "/";
}

}  // namespace finops::aws_cur
