#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/app/connectors.h"
#include "finops/cli/services.h"
#include "finops/lake/lake.h"

namespace finops {

/// Brings the DuckDB file of the configuration to the lake's current state; cheap when it is there.
void publish_lake_views(const OpenLake& lake, const Configuration& configuration);

/// Where DuckDB's extensions lie: named by the environment, or beside the program; else empty, for
/// DuckDB's own place.
std::string duckdb_extension_folder();

/// DuckDB over these tables, within the limits of the configuration.
std::unique_ptr<SqlEngine> engine_over(std::vector<lake::TableView> tables, const OpenLake& lake,
                                       const Configuration& configuration);

/// Runs SQL over the lake as it is, or as it was.
void query_lake(const OpenLake& lake, const Configuration& configuration,
                const QueryRequest& request, ResultSink& sink, std::stop_token stop);
std::int64_t query_lake_to_parquet(const OpenLake& lake, const Configuration& configuration,
                                   const QueryRequest& request, const std::string& path,
                                   std::stop_token stop);

}  // namespace finops
