#pragma once

#include "finops/engines/duckdb/duckdb_connection.h"

namespace finops {

/// Gives the connection what engines call differently or mean differently by one name, so that SQL
/// can be written once:
///  - finops_month(day): DATE, the first day of the month;
///  - finops_month_text(day): "YYYY-MM";
///  - finops_days_between(first, last): BIGINT, below 0 when `last` is before;
///  - finops_percentile(array_agg(amount), share): DECIMAL(38,18), the least amount that at least
///    this share of the amounts does not exceed, exactly; NULL without amounts, or for a share
///    that is not from 0 to 1;
///  - finops_text_list(array_agg(text), separator): the texts in their order by bytes; NULL without
///    any.
/// NULL among the amounts or texts does not count.
void add_portable_functions(DuckdbConnection& connection);

}  // namespace finops
