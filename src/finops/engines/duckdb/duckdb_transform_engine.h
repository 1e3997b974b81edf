#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "finops/engines/duckdb/remote_access.h"
#include "finops/engines/transform_engine.h"

namespace finops {

struct DuckdbTransformOptions {
  std::uint64_t memory_bytes = 512ull << 20;  // what DuckDB may hold; it spills beyond
  unsigned threads = 0;                       // 0: all processors
  /// A folder that is there, for what is written and spilled.
  std::string work_folder;
  std::string lake_uri;                  // the root of the tables that are shown
  std::function<RemoteAccess()> remote;  // of a lake in a bucket
  std::string extension_folder;          // as load_httpfs() takes it
};

/// DuckDB in memory; loads no extension but httpfs where the lake lies in a bucket.
std::unique_ptr<TransformEngine> make_duckdb_transform_engine(
    const DuckdbTransformOptions& options);

}  // namespace finops
