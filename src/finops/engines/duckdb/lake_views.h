#pragma once

#include <functional>
#include <vector>

#include "finops/engines/duckdb/duckdb_connection.h"
#include "finops/engines/duckdb/view_sql.h"
#include "finops/lake/lake.h"

namespace finops {

/// Calls `make`, once more by field id when that fails: to find columns by name DuckDB opens a file
/// of the table, and one that is damaged shall keep nobody from the other tables.
void make_views_either_way(const std::function<void(duckdb_sql::ColumnsFound)>& make);

/// All views of these tables, or none, in a database that has none of them.
void make_lake_views(DuckdbConnection& connection, const std::vector<lake::TableView>& tables);

}  // namespace finops
