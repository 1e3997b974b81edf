#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/engines/duckdb/duckdb_connection.h"
#include "finops/engines/sql_engine.h"

namespace finops {

/// Unique in this process, and among those of this machine.
std::string unique_mark();

/// DuckDB's settings for so much memory, so many threads (0: all processors) and a folder below
/// which it spills into one of its own; empty: it spills nothing.
std::map<std::string, std::string> engine_settings(std::uint64_t memory_bytes, unsigned threads,
                                                   const std::string& spill_folder);

/// Interrupts the connection's statement when a stop is requested.
class InterruptOnStop {
 public:
  InterruptOnStop(DuckdbConnection& connection, std::stop_token stop);
  /// kCancelled when a stop was requested.
  void check() const;

 private:
  const std::stop_token stop_;
  const std::stop_callback<std::function<void()>> on_stop_;
};

/// One statement that only reads: kUsage for any other.
DuckdbStatement prepare_reading(DuckdbConnection& connection, const std::string& sql);

/// As SqlEngine::query.
void run_query(DuckdbConnection& connection, const std::string& sql, ResultSink& sink,
               const std::stop_token& stop);

}  // namespace finops
