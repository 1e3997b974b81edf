#include "finops/warehouses/bigquery/transformed_days.h"

#include <utility>

#include "finops/core/date_text.h"
#include "finops/warehouses/bigquery/bigquery_places.h"

namespace finops::bigquery {
namespace {

Json field(const char* name, const char* type) { return {{"name", name}, {"type", type}}; }

std::string struct_sql(Day day, const TransformedDay& known) {
  return "STRUCT(DATE '" + date_text(day) + "' AS day, " + std::to_string(known.source.rows) +
         " AS source_rows, '" + known.source.fingerprint + "' AS source_fingerprint, " +
         std::to_string(known.copy.rows) + " AS copy_rows, '" + known.copy.fingerprint +
         "' AS copy_fingerprint, '" + known.version + "' AS transform)";
}

}  // namespace

TransformedDays::TransformedDays(Jobs jobs, const TableRef& copy)
    : jobs_(std::move(jobs)), table_(copy) {
  table_.table += "__finops_days";
  if (find_table(jobs_.client(), table_)) return;
  create_table(
      jobs_.client(), table_,
      {{"schema",
        {{"fields",
          {field("day", "DATE"), field("source_rows", "INTEGER"),
           field("source_fingerprint", "STRING"), field("copy_rows", "INTEGER"),
           field("copy_fingerprint", "STRING"), field("transform", "STRING")}}}},
       {"labels", {{"finops", "days"}}},
       {"description", "From what the days of " + copy.table + " were made; kept by finops"}});
}

std::map<Day, TransformedDay> TransformedDays::read() {
  const QueryAnswer answer = run_query(
      jobs_,
      {.sql = "SELECT FORMAT_DATE('%Y-%m-%d', day), source_rows, source_fingerprint, copy_rows, "
              "copy_fingerprint, transform FROM " +
              table_.sql()},
      job_id_prefix("days of " + table_.to_string()), "read " + table_.to_string());
  std::map<Day, TransformedDay> days;
  for (const auto& row : answer.rows) {
    days[day_of(row.at(0).value_or(""))] = {
        .source = {.rows = count_in(row.at(1)), .fingerprint = row.at(2).value_or("")},
        .copy = {.rows = count_in(row.at(3)), .fingerprint = row.at(4).value_or("")},
        .version = row.at(5).value_or("")};
  }
  return days;
}

void TransformedDays::write(const std::map<Day, TransformedDay>& days) {
  std::string rows;
  for (const auto& [day, known] : days) rows += (rows.empty() ? "" : ", ") + struct_sql(day, known);
  const std::string sql =
      "MERGE " + table_.sql() + " AS kept USING (SELECT * FROM UNNEST([" + rows +
      "])) AS made ON kept.day = made.day "
      "WHEN MATCHED THEN UPDATE SET source_rows = made.source_rows, "
      "source_fingerprint = made.source_fingerprint, copy_rows = made.copy_rows, "
      "copy_fingerprint = made.copy_fingerprint, transform = made.transform "
      "WHEN NOT MATCHED THEN INSERT (day, source_rows, source_fingerprint, copy_rows, "
      "copy_fingerprint, transform) VALUES (made.day, made.source_rows, made.source_fingerprint, "
      "made.copy_rows, made.copy_fingerprint, made.transform)";
  run_query(jobs_, {.sql = sql}, job_id_prefix("days of " + table_.to_string()),
            "write down days in " + table_.to_string());
}

}  // namespace finops::bigquery
