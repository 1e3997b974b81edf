#include "finops/pipeline/one_bill_check.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "finops/core/clock.h"
#include "finops/core/error.h"

namespace finops {
namespace {

/// What the written rows hold in the period column.
struct ToldPeriods {
  std::int64_t silent_rows = 0;             // that say nothing
  std::optional<std::int64_t> first, last;  // microseconds since 1970
};

/// Iceberg's single value of a timestamp: 8 bytes, little-endian, as this machine has them.
std::int64_t micros_of(std::string_view bound) {
  std::int64_t value = 0;
  std::memcpy(&value, bound.data(), std::min(sizeof(value), bound.size()));
  return value;
}

ToldPeriods told_periods(const Column* column, const ConvertReport& report) {
  ToldPeriods told;
  for (const WrittenParquet& file : report.files) {
    const auto found = column == nullptr ? file.columns.end()
                                         : std::ranges::find(file.columns, column->field_id,
                                                             &ColumnMetrics::field_id);
    if (found == file.columns.end()) {
      told.silent_rows += file.rows;
      continue;
    }
    told.silent_rows += found->nulls;
    if (found->lower) {
      const std::int64_t lower = micros_of(*found->lower);
      told.first = std::min(told.first.value_or(lower), lower);
    }
    if (found->upper) {
      const std::int64_t upper = micros_of(*found->upper);
      told.last = std::max(told.last.value_or(upper), upper);
    }
  }
  return told;
}

/// Null when the delivery has no such column of times.
const Column* period_column_of(const BillLayout& layout, const std::string& name) {
  for (const BoundColumn& bound : layout.delivered) {
    const bool is_it = bound.column.name == name && bound.column.type == ColumnType::kTimestamp;
    if (is_it) return &bound.column;
  }
  return nullptr;
}

std::int64_t start_of(BillingPeriod period) {
  return std::chrono::microseconds(period.first_day().time_since_epoch()).count();
}

std::string time_text(std::int64_t micros) {
  return to_iso8601(TimePoint(std::chrono::floor<Duration>(std::chrono::microseconds(micros))));
}

void require_different_files(const Delivery& delivery, const ConvertReport& report) {
  std::map<std::string_view, std::string_view> keys;  // by the bytes' hash
  for (const PartReport& part : report.parts) {
    if (part.rows == 0) continue;
    const auto [known, is_new] = keys.try_emplace(part.sha256, part.key);
    if (is_new) continue;
    throw Error(ErrorKind::kInvalidData,
                "'" + std::string(known->second) + "' and '" + part.key + "' in '" +
                    delivery.manifest_key +
                    "' are the same, byte for byte; their costs would count twice. Nothing was "
                    "loaded; take one of them away");
  }
}

}  // namespace

void require_one_bill(const Delivery& delivery, const BillLayout& layout,
                      const ConvertReport& report) {
  require_different_files(delivery, report);
  const auto why = other_period_of(report, layout, period_of_rows(delivery), delivery.period);
  if (!why) return;
  throw Error(ErrorKind::kInvalidData,
              "'" + delivery.manifest_key + "' is not plainly one bill of " +
                  delivery.period.to_string() + ": " + *why + ". Nothing was loaded");
}

PeriodOfRows period_of_rows(const Delivery& delivery) {
  return {delivery.dictionary->period_column(), delivery.is_period_told};
}

std::optional<std::string> other_period_of(const ConvertReport& report, const BillLayout& layout,
                                           const PeriodOfRows& says, BillingPeriod period) {
  const ToldPeriods told = told_periods(period_column_of(layout, says.column), report);
  const std::int64_t start = start_of(period);
  if (told.first.value_or(start) != start || told.last.value_or(start) != start) {
    return "rows have " + says.column + " from " + time_text(*told.first) + " to " +
           time_text(*told.last) + "; load the files of each month by themselves";
  }
  if (told.silent_rows == 0 || says.is_told) return std::nullopt;
  const std::string month = period.to_string();
  return std::to_string(told.silent_rows) + " rows do not say in " + says.column +
         " which month they are of, others say " + month +
         "; if all are of that month, load them with --period " + month +
         " (and --overwrite where they are in the lake already)";
}

}  // namespace finops
