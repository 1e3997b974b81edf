#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <sstream>

#include "finops/net/google/credential_chain.h"
#include "finops/warehouses/bigquery/bigquery_query.h"
#include "finops/warehouses/bigquery/bigquery_warehouse.h"
#include "tests/contract/warehouse_contract.h"

namespace finops {
namespace {

/// "<project> <endpoint> <key file>" of a running server, by tests/support/servers.py; of Google's
/// own service the project alone, which is reached with application default credentials.
struct BigQueryServer {
  std::string project, endpoint, key_file;
};

std::optional<BigQueryServer> server_of(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  BigQueryServer server;
  std::istringstream(text) >> server.project >> server.endpoint >> server.key_file;
  return server;
}

/// Each warehouse is a dataset of its own, which stays: the server goes with the tests, and in
/// Google's service a default expiration of tables empties it.
std::optional<WarehouseUnderTest> in_bigquery(const char* variable) {
  static std::atomic<int> datasets = 0;
  const auto server = server_of(variable);
  if (!server) return std::nullopt;
  const auto http = std::shared_ptr<HttpClient>(make_http_client({}));
  const GoogleSession session{http, system_clock(), Environment::of_process(),
                              std::make_shared<RetryBudget>()};
  const GoogleScopes scopes = {std::string(kCloudPlatformScope)};
  const auto credentials = server->key_file.empty()
                               ? google_default_credentials(session, scopes)
                               : google_credentials_of_file(session, server->key_file, scopes);
  BigQueryOptions options{.project_id = server->project, .endpoint_url = server->endpoint};
  options.dataset_id = "contract_" + std::to_string(getpid()) + "_" + std::to_string(++datasets);
  bigquery::ClientOptions client{.project_id = server->project};
  if (!server->endpoint.empty()) client.endpoint_url = server->endpoint;
  const auto asks = std::make_shared<bigquery::Client>(client, http, credentials, system_clock());
  const auto rows = [asks, options](std::string sql, const std::string& table) {
    sql.replace(sql.find("{}"), 2,
                "`" + options.project_id + "." + options.dataset_id + "." + table + "`");
    bigquery::Jobs jobs(*asks, "");
    std::vector<std::vector<std::string>> texts;
    for (const auto& row : run_query(jobs, {.sql = sql}, "contract_", "look at it").rows) {
      auto& cells = texts.emplace_back();
      for (const auto& cell : row) cells.push_back(cell.value_or("NULL"));
    }
    return texts;
  };
  return WarehouseUnderTest{make_bigquery_warehouse(options, http, credentials, system_clock()),
                            rows, "UNIX_MICROS"};
}

WarehouseCase case_of(const char* name, const char* variable) {
  return {name, [variable] { return in_bigquery(variable); }, true};
}

INSTANTIATE_TEST_SUITE_P(InBigQuery, WarehouseContract,
                         ::testing::Values(case_of("BigQueryServer", "FINOPS_TEST_BIGQUERY")),
                         name_of);

/// Only where somebody names a project of their own: FINOPS_TEST_REAL_BIGQUERY=my-project.
const bool kHasRealOne = std::getenv("FINOPS_TEST_REAL_BIGQUERY") != nullptr;
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WarehouseContract);
INSTANTIATE_TEST_SUITE_P(
    InGooglesBigQuery, WarehouseContract,
    ::testing::ValuesIn(kHasRealOne ? std::vector{case_of("BigQuery", "FINOPS_TEST_REAL_BIGQUERY")}
                                    : std::vector<WarehouseCase>{}),
    name_of);

}  // namespace
}  // namespace finops
