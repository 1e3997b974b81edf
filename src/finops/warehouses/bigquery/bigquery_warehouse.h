#pragma once

#include <memory>
#include <string>

#include "finops/core/clock.h"
#include "finops/net/google/credentials.h"
#include "finops/net/retry.h"
#include "finops/warehouses/warehouse.h"

namespace finops {

struct BigQueryOptions {
  std::string project_id;
  std::string dataset_id;
  std::string location;      // of a dataset that has to be made; empty: US
  std::string endpoint_url;  // empty: Google's
  RetryPolicy retry;
  std::shared_ptr<RetryBudget> retry_budget = std::make_shared<RetryBudget>();
  std::stop_token stop;  // ends every call with kCancelled
};

/// A dataset of BigQuery. Tables are made with monthly partitions of the period column and
/// clustered. A month that one source owns is replaced by one load job into its partition, any
/// other by a load into a table of its own and one transaction. Decimals are BIGNUMERIC(38, 18),
/// maps arrays of (key, value).
///
/// Names of project, dataset and table are checked here: kInvalidConfig. Jobs have ids that are
/// made before them, so that a lost answer never makes a second one.
std::unique_ptr<Warehouse> make_bigquery_warehouse(
    const BigQueryOptions& options, std::shared_ptr<HttpClient> http,
    std::shared_ptr<GoogleCredentialProvider> credentials, Clock& clock);

}  // namespace finops
