#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "finops/engines/sql_engine.h"

namespace finops::report {

struct QueryRows {
  std::vector<ResultColumn> columns;
  std::vector<ResultRow> rows;
};

/// All rows of a query that gives few: the query says LIMIT or groups.
QueryRows query_rows(SqlEngine& engine, const std::string& sql, const std::stop_token& stop);

/// A number of a result; 0 for NULL.
std::int64_t integer_of(const std::optional<std::string>& cell);
/// For pixels only.
double double_of(const std::optional<std::string>& cell);

}  // namespace finops::report
