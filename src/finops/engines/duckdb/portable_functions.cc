#include "finops/engines/duckdb/portable_functions.h"

namespace finops {

void add_portable_functions(DuckdbConnection& connection) {
  connection.run(R"sql(
CREATE TEMP MACRO finops_month(day) AS CAST(date_trunc('month', CAST(day AS DATE)) AS DATE);
CREATE TEMP MACRO finops_month_text(day) AS strftime(CAST(day AS DATE), '%Y-%m');
CREATE TEMP MACRO finops_days_between(first_day, last_day) AS
  date_diff('day', CAST(first_day AS DATE), CAST(last_day AS DATE));
CREATE TEMP MACRO finops_percentile(amounts, share) AS
  CASE WHEN CAST(share AS DECIMAL(38,18)) BETWEEN 0 AND 1 THEN
    list_sort(list_filter(CAST(amounts AS DECIMAL(38,18)[]), lambda amount: amount IS NOT NULL))[
      greatest(1, CAST(ceil(CAST(share AS DECIMAL(38,18)) *
        len(list_filter(amounts, lambda amount: amount IS NOT NULL))) AS BIGINT))] END;
CREATE TEMP MACRO finops_text_list(texts, separator) AS
  list_aggregate(list_sort(list_filter(texts, lambda text: text IS NOT NULL)), 'string_agg', separator);
)sql");
}

}  // namespace finops
