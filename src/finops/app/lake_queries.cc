#include "finops/app/lake_queries.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "finops/app/release_files.h"
#include "finops/core/environment.h"
#include "finops/core/error.h"
#include "finops/engines/duckdb/duckdb_engine.h"
#include "finops/engines/duckdb/views_file.h"

namespace finops {
namespace {

std::vector<lake::TableView> current_views(lake::Lake& lake) {
  std::vector<lake::TableView> views;
  for (const auto& table : lake.tables()) views.push_back(lake.view(table));
  return views;
}

/// The tables as a request wants to see them. A table that is named must exist.
std::vector<lake::TableView> requested_views(lake::Lake& lake, const TimeTravel& as_of) {
  std::map<std::string, std::int64_t> snapshots = as_of.snapshots;
  std::vector<lake::TableView> views;
  for (const auto& table : lake.tables()) {
    std::optional<std::int64_t> snapshot;
    for (const auto& name : {table.to_string(), table.name}) {
      const auto it = snapshots.find(name);
      if (it == snapshots.end()) continue;
      snapshot = it->second;
      snapshots.erase(it);
    }
    if (!snapshot && as_of.at_ms) {
      views.push_back(lake.view_as_of(table, *as_of.at_ms));
    } else {
      views.push_back(lake.view(table, snapshot));
    }
  }
  if (!snapshots.empty()) {
    throw Error(ErrorKind::kUsage, "--as-of names the table '" + snapshots.begin()->first +
                                       "', which the lake does not have");
  }
  return views;
}

std::unique_ptr<SqlEngine> engine_for(const OpenLake& lake, const Configuration& configuration,
                                      const TimeTravel& as_of) {
  return engine_over(requested_views(*lake.tables, as_of), lake, configuration);
}

}  // namespace

std::string duckdb_extension_folder() {
  const Environment environment = Environment::of_process();
  if (const std::string* named = environment.find("FINOPS_DUCKDB_EXTENSIONS")) return *named;
  return release_folder("duckdb-extensions");
}

std::unique_ptr<SqlEngine> engine_over(std::vector<lake::TableView> tables, const OpenLake& lake,
                                       const Configuration& configuration) {
  DuckdbEngineOptions options;
  options.memory_bytes = configuration.memory_limit;
  options.spill_folder = configuration.data_dir;
  options.remote = lake.remote;
  options.extension_folder = duckdb_extension_folder();
  return make_duckdb_engine(std::move(tables), options);
}

void publish_lake_views(const OpenLake& lake, const Configuration& configuration) {
  const auto versions = [&] {
    TableVersions current;
    for (const auto& table : lake.catalog->tables()) {
      current[table] = lake.catalog->metadata_location(table).value_or("");
    }
    return current;
  };
  if (versions().empty()) return;
  publish_views_if_changed(
      configuration.duckdb_path, versions, [&] { return current_views(*lake.tables); },
      duckdb_extension_folder());
}

void query_lake(const OpenLake& lake, const Configuration& configuration,
                const QueryRequest& request, ResultSink& sink, std::stop_token stop) {
  engine_for(lake, configuration, request.as_of)->query(request.sql, sink, std::move(stop));
}

std::int64_t query_lake_to_parquet(const OpenLake& lake, const Configuration& configuration,
                                   const QueryRequest& request, const std::string& path,
                                   std::stop_token stop) {
  return engine_for(lake, configuration, request.as_of)
      ->copy_to_parquet(request.sql, path, std::move(stop));
}

}  // namespace finops
