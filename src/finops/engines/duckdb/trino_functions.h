#pragma once

#include <map>
#include <string>
#include <vector>

namespace finops {

/// A function of finops for Trino: what `WITH` declares before a query that calls it. It gives the
/// same value, to the last digit, as the function of this name in DuckDB, or ends the query.
struct TrinoFunction {
  std::vector<std::string> parameters;  // Trino's types; empty where an argument stays as it is
  std::string definition;               // "FUNCTION decimal_product(a decimal(38, 18), ..."
};

/// By name: all functions of finops that models can call.
const std::map<std::string, TrinoFunction>& trino_functions();

}  // namespace finops
