#include "finops/warehouses/bigquery/day_sums.h"

#include <array>
#include <cstdio>

#include "finops/core/date_text.h"
#include "finops/core/error.h"
#include "finops/warehouses/bigquery/bigquery_places.h"

namespace finops::bigquery {
namespace {

constexpr auto kArrivalSlack = std::chrono::days(1);

std::string moment_sql(Micros time) {
  const Day day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), " %02d:%02d:%02d.%06d+00",
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return "TIMESTAMP '" + date_text(day) + text.data() + "'";
}

/// A bound that bounds nothing is for tables that demand one.
constexpr const char* kFirstMoment = "TIMESTAMP '0001-01-01 00:00:00+00'";

std::string range_sql(const std::string& column, const TimeRange& range) {
  const std::string from = column + " >= " + (range.from ? moment_sql(*range.from) : kFirstMoment);
  if (range.to) return from + " AND " + column + " < " + moment_sql(*range.to);
  return from + " OR " + column + " IS NULL";
}

/// What the service may leave unread, and unpaid. Rows of the streaming buffer have no partition
/// yet.
std::string arrival_sql(const RowSource& source, const std::vector<TimeRange>& ranges) {
  std::string sql = "_PARTITIONTIME >= ";
  const std::optional<Micros> from = ranges.front().from;
  sql += from ? moment_sql(std::chrono::floor<std::chrono::days>(*from) - kArrivalSlack)
              : kFirstMoment;
  if (source.latest_arrival) {
    sql = "(" + sql + " AND _PARTITIONTIME < " + moment_sql(*source.latest_arrival) + ")";
  }
  return sql + " OR _PARTITIONTIME IS NULL";
}

std::string where_sql(const RowSource& source, const std::vector<TimeRange>& ranges) {
  std::string sql;
  for (const TimeRange& range : ranges) {
    sql += (sql.empty() ? "" : " OR ") + ("(" + range_sql(quoted(source.time_column), range) + ")");
  }
  sql = " WHERE (" + sql + ")";
  if (source.is_by_arrival) sql += " AND (" + arrival_sql(source, ranges) + ")";
  return sql;
}

std::string columns_sql(const RowSource& source) {
  std::string sql;
  for (const Json& field : source.fields) {
    sql += (sql.empty() ? "" : ", ") + quoted(text_of(field, "name"));
  }
  return sql;
}

}  // namespace

Day day_of(const std::string& text) {
  int year = 0;
  unsigned month = 0, day = 0;
  if (std::sscanf(text.c_str(), "%d-%u-%u", &year, &month, &day) == 3) {
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(day)};
    if (date.ok()) return date;
  }
  throw Error(ErrorKind::kInvalidData, "BigQuery gave '" + text + "' for a day");
}

std::vector<TimeRange> ranges_of(const std::vector<Day>& days) {
  std::vector<TimeRange> ranges;
  for (const Day day : days) {
    if (!ranges.empty() && ranges.back().to == Micros(day)) {
      ranges.back().to = day + std::chrono::days(1);
    } else {
      ranges.push_back({.from = day, .to = day + std::chrono::days(1)});
    }
  }
  return ranges;
}

std::string rows_sql(const RowSource& source, const std::vector<TimeRange>& ranges) {
  return "SELECT " + columns_sql(source) + " FROM " + source.table.sql() +
         where_sql(source, ranges);
}

std::string sums_sql(const RowSource& source, const std::vector<TimeRange>& ranges) {
  return "SELECT FORMAT_TIMESTAMP('%Y-%m-%d', " + quoted(source.time_column) +
         "), COUNT(*), SUM(CAST(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT(" + columns_sql(source) +
         "))) AS BIGNUMERIC)), FORMAT_TIMESTAMP('%Y-%m-%d', CURRENT_TIMESTAMP()) FROM " +
         source.table.sql() + where_sql(source, ranges) + " GROUP BY 1";
}

DaySum DaySums::of(Day day) const {
  const auto found = days.find(day);
  return found == days.end() ? DaySum{} : found->second;
}

DaySums read_day_sums(Jobs& jobs, const RowSource& source, const std::vector<TimeRange>& ranges) {
  const std::string table = source.table.to_string();
  QueryAnswer answer =
      run_query(jobs, {.sql = sums_sql(source, ranges)}, job_id_prefix("days of " + table),
                "count the rows of each day of " + table);
  DaySums sums{.days = {}, .rows_without_time = 0, .today = {}, .job = std::move(answer.job)};
  for (const auto& row : answer.rows) {
    sums.today = day_of(row.at(3).value_or(""));
    if (!row.at(0)) {
      sums.rows_without_time = count_in(row.at(1));
      continue;
    }
    sums.days[day_of(*row.at(0))] = {.rows = count_in(row.at(1)),
                                     .fingerprint = row.at(2).value_or("")};
  }
  return sums;
}

}  // namespace finops::bigquery
