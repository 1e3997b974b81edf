#include "finops/app/google_connections.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "finops/core/error.h"
#include "finops/engines/duckdb/duckdb_row_transform.h"
#include "finops/net/google/credential_chain.h"
#include "finops/net/url.h"
#include "finops/warehouses/bigquery/bigquery_table_copier.h"

namespace finops {
namespace {

GoogleScopes all_of_cloud() { return {std::string(kCloudPlatformScope)}; }

std::shared_ptr<RowTransform> transform(const std::string& path, std::stop_token stop) {
  constexpr std::uintmax_t kLongest = 1u << 20;
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file || size > kLongest) {
    throw Error(ErrorKind::kInvalidConfig,
                "the organisation's transform_sql '" + path +
                    (error || !file ? "' cannot be read" : "' has more than a mebibyte") +
                    "; it is a file of the machine that does the job");
  }
  return make_duckdb_row_transform({.sql = std::string(std::istreambuf_iterator<char>(file), {}),
                                    .name = "'" + path + "'",
                                    .stop = std::move(stop)});
}

}  // namespace

GoogleSession google_session(const AwsConnections& aws, Clock& clock) {
  return {aws.http(), clock, Environment::of_process(), aws.budget()};
}

std::shared_ptr<GoogleCredentialProvider> google_credentials(const GoogleSession& session,
                                                             const std::string& path,
                                                             const std::string& endpoint_url,
                                                             const std::string& section) {
  if (!endpoint_url.empty() && path.empty()) {
    return given_google_token("", "nowhere: endpoint_url is set without credentials_path");
  }
  // A token that goes over the network in clear text is everybody's.
  const auto endpoint = Url::parse(endpoint_url);
  if (endpoint && endpoint->scheme == "http" && !is_loopback(endpoint->host)) {
    throw Error(ErrorKind::kInvalidConfig,
                section + ".endpoint_url is http:// and not on this machine, so " + section +
                    ".credentials_path must not be used with it; give an https:// URL");
  }
  return path.empty() ? google_default_credentials(session, all_of_cloud())
                      : google_credentials_of_file(session, path, all_of_cloud());
}

CopyConnections::CopyConnections(const ServiceConfig& configured, const AwsConnections& aws,
                                 Clock& clock)
    : configured_(configured),
      aws_(aws),
      clock_(clock),
      session_(google_session(aws, clock)),
      writer_(google_credentials(session_, configured.credentials_path, configured.endpoint_url,
                                 "service")) {}

jobs::CopyMeans CopyConnections::means() {
  return {.own_project = configured_.project_id,
          .copier = [this](const jobs::CopyOrder& order,
                           std::stop_token stop) { return copier(order, std::move(stop)); },
          .transform = transform};
}

std::unique_ptr<TableCopier> CopyConnections::copier(const jobs::CopyOrder& order,
                                                     std::stop_token stop) {
  const std::string& own = configured_.project_id;
  BigQueryCopyOptions options{
      .project_id = own.empty() ? order.destination.project : own,
      .endpoint_url = configured_.endpoint_url,
      .stop = std::move(stop),
      .rows_at_once = static_cast<std::size_t>(configured_.batch_size),
  };
  return make_bigquery_table_copier(options, aws_.http(), reader(order.reader_account), writer_,
                                    clock_);
}

std::shared_ptr<GoogleCredentialProvider> CopyConnections::reader(const std::string& account) {
  if (account.empty()) return nullptr;
  const std::lock_guard lock(mutex_);
  auto& known = readers_[account];
  if (known) return known;
  constexpr std::chrono::seconds kLifetime = std::chrono::hours(1);
  // An emulator makes the tokens of those whom it knows.
  known = configured_.endpoint_url.empty()
              ? impersonated_google_credentials(session_, writer_, account, all_of_cloud())
              : impersonated_google_credentials(session_, writer_, account, all_of_cloud(),
                                                kLifetime, configured_.endpoint_url);
  return known;
}

}  // namespace finops
