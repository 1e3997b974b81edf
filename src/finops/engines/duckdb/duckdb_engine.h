#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "finops/engines/duckdb/remote_access.h"
#include "finops/engines/sql_engine.h"
#include "finops/lake/lake.h"

namespace finops {

struct DuckdbEngineOptions {
  std::uint64_t memory_bytes = 512ull << 20;  // what DuckDB may hold; it spills beyond
  unsigned threads = 0;                       // 0: all processors
  /// Made when it is missing. Below it, spilled data goes to a folder of the engine's own, which is
  /// removed with the engine. Empty: nothing is spilled, and kNoSpace tells what did not fit.
  std::string spill_folder;
  /// Of tables in a bucket; asked once for each session.
  std::function<RemoteAccess()> remote;
  std::string extension_folder;  // as load_httpfs() takes it
};

/// The embedded engine: DuckDB in memory, with a view for each table, under "namespace"."name" and,
/// for those of `billing`, under the name alone. It may read the files of these tables and no
/// others, loads no extension but httpfs where tables lie in a bucket, and shows times in UTC. Has
/// decimal_product() and decimal_quotient() (decimal_functions.h).
std::unique_ptr<SqlEngine> make_duckdb_engine(std::vector<lake::TableView> tables,
                                              DuckdbEngineOptions options = {});

}  // namespace finops
