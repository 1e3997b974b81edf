#pragma once

#include "finops/engines/duckdb/duckdb_connection.h"

namespace finops {

/// Gives the connection what texts of a delivery say, each NULL for NULL and for a text that says
/// none, without blanks around it being taken off:
///  - read_decimal(text): DECIMAL(38,18), as Decimal::parse;
///  - read_timestamp(text): TIMESTAMP of UTC, as parse_timestamp();
///  - read_date(text): DATE; "YYYY-MM-DD" only;
///  - read_boolean(text): BOOLEAN; "true" and "false" in any case.
void add_text_functions(DuckdbConnection& connection);

}  // namespace finops
