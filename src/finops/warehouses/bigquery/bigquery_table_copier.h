#pragma once

#include <memory>
#include <string>

#include "finops/core/clock.h"
#include "finops/net/google/credentials.h"
#include "finops/net/retry.h"
#include "finops/warehouses/table_copy.h"

namespace finops {

struct BigQueryCopyOptions {
  std::string project_id;    // where jobs that write run, and which pays for them
  std::string read_project;  // the same of those that read the source; empty: the source's project
  std::string endpoint_url;  // empty: Google's
  RetryPolicy retry;
  std::shared_ptr<RetryBudget> retry_budget = std::make_shared<RetryBudget>();
  std::stop_token stop;          // ends every call with kCancelled; jobs that run are cancelled
  std::size_t rows_at_once = 0;  // that are read at a time, where rows come through us; 0: any
  int days_at_once = 31;         // of what is copied before it is published
};

/// Copies tables of BigQuery to tables of BigQuery. Days that differ are brought into a table of
/// their own beside the copy, compared there, and published by one copy job a day.
///
/// With `reader` null, `writer` reads as well, and a query job copies on BigQuery's side. Otherwise
/// rows are read as `reader` and sent on as `writer`, a page at a time.
std::unique_ptr<TableCopier> make_bigquery_table_copier(
    const BigQueryCopyOptions& options, std::shared_ptr<HttpClient> http,
    std::shared_ptr<GoogleCredentialProvider> reader,
    std::shared_ptr<GoogleCredentialProvider> writer, Clock& clock);

}  // namespace finops
