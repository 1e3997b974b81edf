#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "finops/warehouses/bigquery/bigquery_query.h"

namespace finops::bigquery {

using Day = std::chrono::sys_days;
using Micros = std::chrono::sys_time<std::chrono::microseconds>;

/// Half-open; without a beginning or an end it has none.
struct TimeRange {
  std::optional<Micros> from, to;
};
/// The days as ranges, neighbours in one. In order, each once.
std::vector<TimeRange> ranges_of(const std::vector<Day>& days);

/// Rows of a table that are asked for by their time.
struct RowSource {
  TableRef table;
  std::string time_column;
  Json fields;  // the columns that count, in the source's order, as schema.fields
  /// The table is partitioned by the arrival of its rows: they arrive at most a day (clocks may be
  /// wrong) before their time and, where `latest_arrival` is given, before that.
  bool is_by_arrival = false;
  std::optional<Micros> latest_arrival = {};
};

/// SELECT of the columns, rows in no order.
std::string rows_sql(const RowSource& source, const std::vector<TimeRange>& ranges);
/// SELECT of day, rows, fingerprint and the day of the server's clock; day NULL for rows without
/// a time, where a range has no end.
std::string sums_sql(const RowSource& source, const std::vector<TimeRange>& ranges);

/// A day's rows, whatever their order: their number, and the sum of FARM_FINGERPRINT over each
/// row's text by TO_JSON_STRING. That text holds a FLOAT64 exactly, tells NULL from all else and
/// has no order of its own; equal rows count as often as they are there.
struct DaySum {
  std::uint64_t rows = 0;
  std::string fingerprint;
  friend bool operator==(const DaySum&, const DaySum&) = default;
};
struct DaySums {
  std::map<Day, DaySum> days;
  std::uint64_t rows_without_time = 0;
  std::optional<Day> today;  // by the server's clock; nothing where there are no rows
  FinishedJob job;

  DaySum of(Day day) const;
};
DaySums read_day_sums(Jobs& jobs, const RowSource& source, const std::vector<TimeRange>& ranges);

/// Of "2026-05-31", as BigQuery gave it: kInvalidData for anything else.
Day day_of(const std::string& text);

}  // namespace finops::bigquery
