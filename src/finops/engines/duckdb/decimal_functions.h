#pragma once

#include "finops/engines/duckdb/duckdb_connection.h"

namespace finops {

/// Gives the connection the two operations that DuckDB's decimals lack, because its own leave
/// decimal(38,18) or go by way of floating point:
///  - decimal_product(a, b): a × b, rounded half-even to 18 decimals (Decimal::operator*);
///  - decimal_quotient(a, b): a ÷ b by the one rule for averages, rates and ratios
///    (Decimal::quotient); NULL when b is 0, as in DuckDB's own division.
/// Both take and give DECIMAL(38,18), are NULL where an argument is, and end the statement with an
/// error where the result does not fit.
void add_decimal_functions(DuckdbConnection& connection);

}  // namespace finops
