#pragma once

#include "finops/engines/duckdb/duckdb_connection.h"

namespace finops {

/// Gives the connection what texts of a delivery say, each NULL for NULL and for a text that says
/// none, which one with blanks around it does not:
///  - read_text(text): VARCHAR without spaces and tabs around it; NULL when nothing is left;
///  - read_decimal(text): DECIMAL(38,18), as Decimal::parse;
///  - read_timestamp(text): TIMESTAMP of UTC, as parse_timestamp();
///  - read_date(text): DATE; "YYYY-MM-DD" only;
///  - read_boolean(text): BOOLEAN; "true" and "false" in any case.
void add_text_functions(DuckdbConnection& connection);

}  // namespace finops
