#include "finops/warehouses/bigquery/copy_staging.h"

#include "finops/core/sha256.h"
#include "finops/core/unique_ids.h"
#include "finops/warehouses/bigquery/bigquery_places.h"

namespace finops::bigquery {
namespace {

constexpr Duration kLife = std::chrono::hours(24);

}  // namespace

std::string staging_prefix(const TableRef& destination) {
  return "finops_staging_" + sha256_of(destination.to_string()).substr(0, 12) + "_";
}

CopyStaging::CopyStaging(Client& client, const TableRef& destination, const Json& copy)
    : client_(client), table_(destination) {
  table_.table = staging_prefix(destination) + random_uuid().substr(0, 8);
  Json partitioning = copy["timePartitioning"];
  partitioning.erase("expirationMs");
  const auto expires = client_.clock().now() + kLife;
  resource_ = {{"schema", {{"fields", copy["schema"]["fields"]}}},
               {"timePartitioning", partitioning},
               {"labels", {{"finops", "staging"}}},
               {"expirationTime", std::to_string(expires.time_since_epoch().count())}};
  if (copy.contains("clustering")) resource_["clustering"] = copy["clustering"];
  create_table(client_, table_, resource_);
}

CopyStaging::~CopyStaging() { try_to_remove_table(client_, table_); }

}  // namespace finops::bigquery
