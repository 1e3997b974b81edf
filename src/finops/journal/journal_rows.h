#pragma once

#include <string>
#include <vector>

#include "finops/journal/client_configuration.h"
#include "finops/journal/job.h"
#include "finops/journal/journal_database.h"

namespace finops::journal {

/// "SELECT … FROM etl_jobs", as job_of reads it.
const std::string& select_jobs();
Job job_of(const SqlSession::Row& row);

/// "SELECT … FROM client_billing_config", as client_of reads it.
const std::string& select_clients();
ClientConfiguration client_of(const SqlSession::Row& row);

/// What put_client() writes, the organisation last; the columns are in kClientColumns' order.
std::vector<SqlSession::Value> values_of(const ClientConfiguration& client);
const std::vector<std::string>& client_columns();

/// Throw kInvalidData for what a column cannot hold.
void check(const JobRequest& request);
void check(const ClientConfiguration& client);
void check(const JobResult& result);

/// The beginning of it that fits into error_message, in whole characters.
std::string error_text(const std::string& message);

}  // namespace finops::journal
