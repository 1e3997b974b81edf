#include "finops/app/warehouse_loads.h"

#include <filesystem>
#include <memory>

#include "finops/app/google_connections.h"
#include "finops/app/lake_session.h"
#include "finops/cli/human_text.h"
#include "finops/core/error.h"
#include "finops/net/google/credential_chain.h"
#include "finops/warehouses/bigquery/bigquery_warehouse.h"

namespace finops {
namespace {

constexpr const char* kBillTable = "aws_billing_data";  // which `table_id` stands for

std::shared_ptr<GoogleCredentialProvider> credentials_for(const BigQueryConfig& config,
                                                          const GoogleSession& session) {
  auto credentials = google_credentials(session, config.credentials_path, config.endpoint_url,
                                        "database.bigquery");
  if (config.impersonated_account.empty()) return credentials;
  return impersonated_google_credentials(session, std::move(credentials),
                                         config.impersonated_account,
                                         {std::string(kCloudPlatformScope)});
}

std::unique_ptr<Warehouse> open_warehouse(const BigQueryConfig& config, const AwsConnections& aws,
                                          const std::stop_token& stop) {
  const GoogleSession session = google_session(aws, system_clock());
  BigQueryOptions options{.project_id = config.project_id,
                          .dataset_id = config.dataset_id,
                          .location = config.location,
                          .endpoint_url = config.endpoint_url};
  options.retry_budget = aws.budget();
  options.stop = stop;
  return make_bigquery_warehouse(options, aws.http(), credentials_for(config, session),
                                 system_clock());
}

}  // namespace

std::string describe_warehouse(const BigQueryConfig& config, const AwsConnections& aws) {
  const auto warehouse = open_warehouse(config, aws, {});
  const auto held =
      warehouse->held({.name = config.table_id, .period_column = "bill_billing_period_start_date"});
  if (!held)
    return warehouse->name() + " has no table " + config.table_id + " yet; a load makes it";
  std::uint64_t rows = 0;
  for (const HeldDelivery& one : *held) rows += one.rows;
  return warehouse->name() + "." + config.table_id + " holds " + plural(rows, "row") + " of " +
         plural(held->size(), "billing period");
}

WarehouseReport load_remote(const Configuration& configuration, const RemoteRequest& request,
                            const std::function<void(const RemotePeriod&)>& on_period,
                            const std::stop_token& stop) {
  if (!configuration.bigquery) {
    throw Error(ErrorKind::kInvalidConfig,
                "there is no warehouse: the configuration has no section [database.bigquery] with "
                "project_id and dataset_id (docs/configuration.md)");
  }
  const LakeSession session(configuration, stop);
  const auto warehouse = open_warehouse(*configuration.bigquery, session.aws, stop);
  const auto locks = std::filesystem::path(configuration.data_dir) / "locks";
  const WarehouseRequest wanted{.sources = request.selection.sources,
                                .first = request.selection.first,
                                .last = request.selection.last,
                                .overwrite = request.overwrite,
                                .is_dry_run = request.is_dry_run,
                                .names = {{kBillTable, configuration.bigquery->table_id}},
                                .lock_folder = locks.lexically_normal().string()};
  return sync_warehouse(*session.lake.tables, *warehouse, wanted, on_period, stop);
}

}  // namespace finops
