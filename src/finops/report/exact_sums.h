#pragma once

#include <string>

#include "finops/engines/sql_engine.h"

namespace finops::report {

// Sums of decimals of any size: one of 10^20 and more does not fit into decimal(38,18), which is
// what SQL's sum() of money is. The digits before and after the point are added up by themselves.

/// Of a decimal expression, as the two columns "<name>_whole" and "<name>_rest" of an aggregation.
std::string sum_sql(const std::string& amount, const std::string& name);
/// "…, …" for ORDER BY: the greatest sums first, whatever their sign.
std::string size_order_sql(const std::string& name);
/// What the two columns from `at` on come to, exactly, as ExactSum::to_string; "0" for NULL.
std::string sum_text(const ResultRow& row, std::size_t at);

}  // namespace finops::report
