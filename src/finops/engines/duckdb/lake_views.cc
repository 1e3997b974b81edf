#include "finops/engines/duckdb/lake_views.h"

#include "finops/core/error.h"

namespace finops {

void make_views_either_way(const std::function<void(duckdb_sql::ColumnsFound)>& make) {
  try {
    return make(duckdb_sql::ColumnsFound::kByNameWhereAlike);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
  }
  make(duckdb_sql::ColumnsFound::kById);
}

void make_lake_views(DuckdbConnection& connection, const std::vector<lake::TableView>& tables) {
  make_views_either_way([&](duckdb_sql::ColumnsFound found) {
    connection.run("BEGIN");
    try {
      connection.run(duckdb_sql::create_views(tables, found));
    } catch (const Error&) {
      connection.run("ROLLBACK");
      throw;
    }
    connection.run("COMMIT");
  });
}

}  // namespace finops
