#include "finops/report/axis.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "finops/core/error.h"
#include "finops/report/texts.h"

namespace finops::report {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::month;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr int kMostDecimals = 9;

double step_for(double range, int count) {
  const double rough = range / std::max(1, count);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= factor * power * (1 + 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::string fixed(double value, int decimals) {
  std::array<char, 400> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

struct Unit {
  double size;
  const char* sign;
};

/// Thousands stay as they are: "12,000" is read faster than "12k".
Unit unit_of(double magnitude) {
  if (magnitude >= 1e15) return {1, "e"};
  for (const Unit unit : {Unit{1e12, "T"}, Unit{1e9, "B"}, Unit{1e6, "M"}}) {
    if (magnitude >= unit.size) return unit;
  }
  return {1, ""};
}

int decimals_of(double step) {
  for (int decimals = 0; decimals < kMostDecimals; ++decimals) {
    const double scaled = step * std::pow(10, decimals);
    if (std::abs(scaled - std::round(scaled)) < 1e-6 * scaled) return decimals;
  }
  return kMostDecimals;
}

/// A value of an axis whose values are `step` apart and not greater than `magnitude`.
std::string tick_text(double value, double step, double magnitude) {
  const Unit unit = unit_of(magnitude);
  if (*unit.sign == 'e' || step < 1e-9) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%g", value);
    return text.data();
  }
  return with_thousands(fixed(value / unit.size, decimals_of(step / unit.size))) + unit.sign;
}

struct DateStep {
  int days, months;  // one of them
};

constexpr std::array kDateSteps = {
    DateStep{1, 0},   DateStep{2, 0},    DateStep{7, 0},    DateStep{14, 0}, DateStep{0, 1},
    DateStep{0, 3},   DateStep{0, 6},    DateStep{0, 12},   DateStep{0, 24}, DateStep{0, 60},
    DateStep{0, 120}, DateStep{0, 1200}, DateStep{0, 12000}};

double about_days(DateStep step) { return step.days > 0 ? step.days : 30.44 * step.months; }

year_month_day date_of(std::int32_t since_1970) { return {sys_days(days(since_1970))}; }

std::int32_t number_of(year_month_day date) {
  return static_cast<std::int32_t>(sys_days(date).time_since_epoch().count());
}

/// The first day from `first` on that a step of months begins at.
year_month_day first_month(std::int32_t first, int step) {
  const year_month_day date = date_of(first);
  year_month_day begin{date.year(), date.month(), day(1)};
  while (number_of(begin) < first ||
         (12 * int{begin.year()} + static_cast<int>(unsigned{begin.month()}) - 1) % step != 0) {
    begin += months(1);
  }
  return begin;
}

}  // namespace

std::vector<Tick> number_ticks(double least, double most, int count) {
  if (!std::isfinite(least) || !std::isfinite(most) || most < least) least = most = 0;
  if (most == least) {  // from zero to the only value
    least = std::min(least, 0.0);
    most = least < 0 ? 0 : most > 0 ? most : 1;
  }
  const double step = step_for(most - least, count);
  const double begin = std::floor(least / step + 1e-9), end = std::ceil(most / step - 1e-9);
  const double magnitude = std::max(std::abs(begin), std::abs(end)) * step;
  std::vector<Tick> ticks;
  for (double at = begin; at <= end; ++at) {
    const double value = at == 0 ? 0 : at * step;  // never -0
    ticks.push_back({value, tick_text(value, step, magnitude)});
  }
  return ticks;
}

std::vector<Tick> date_ticks(std::int32_t first, std::int32_t last, int count, bool is_monthly) {
  if (last <= first) return {{static_cast<double>(first), date_text(first, is_monthly)}};
  const auto* step = std::find_if(kDateSteps.begin(), kDateSteps.end() - 1, [&](DateStep one) {
    return (!is_monthly || one.months > 0) && (last - first) / about_days(one) <= count;
  });
  std::vector<Tick> ticks;
  const auto add = [&](std::int32_t at) {
    ticks.push_back({static_cast<double>(at), date_text(at, is_monthly || step->months > 0)});
  };
  if (step->days > 0) {
    for (std::int32_t at = first; at <= last; at += step->days) add(at);
  } else {
    year_month_day at = first_month(first, step->months);
    for (; number_of(at) <= last; at += months(step->months)) add(number_of(at));
  }
  if (ticks.empty()) add(first);
  return ticks;
}

std::string date_text(std::int32_t since_1970, bool is_monthly) {
  const year_month_day date = date_of(since_1970);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), is_monthly ? "%04d-%02u" : "%04d-%02u-%02u",
                int{date.year()}, unsigned{date.month()}, unsigned{date.day()});
  return text.data();
}

std::int32_t day_of(const std::string& text) {
  int of_year = 0;
  unsigned of_month = 0, of_day = 0;
  if (std::sscanf(text.c_str(), "%d-%2u-%2u", &of_year, &of_month, &of_day) == 3) {
    const year_month_day date{year(of_year), month(of_month), day(of_day)};
    if (date.ok()) return number_of(date);
  }
  throw Error(ErrorKind::kInternal, "the engine gave '" + text + "' as a date");
}

std::string rounded_text(double value) {
  const double magnitude = std::abs(value);
  if (magnitude == 0 || !std::isfinite(value)) return "0";
  const Unit unit = unit_of(magnitude);
  const double scaled = magnitude / unit.size;
  if (*unit.sign == 'e' || scaled < 1e-6) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.3g", value);
    return text.data();
  }
  const int before = static_cast<int>(std::floor(std::log10(scaled))) + 1;
  const std::string text = fixed(value / unit.size, std::max(0, 3 - before));
  return with_thousands(trimmed_decimal(text)) + unit.sign;
}

}  // namespace finops::report
