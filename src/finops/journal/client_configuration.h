#pragma once

#include <optional>
#include <string>

#include "finops/journal/job.h"

namespace finops::journal {

/// What is copied for one organisation: a row of client_billing_config. Texts are to 255
/// characters.
struct ClientConfiguration {
  std::string organization_id;  // 1 to 255 characters
  std::string source_project, source_dataset, source_table;
  std::string service_account;  // impersonated for reading; empty: nobody
  std::string location;         // of both datasets; empty: the source's
  std::string destination_project, destination_dataset, destination_table;
  std::string transform_sql;  // path of a file; empty: rows go over as they are
  int look_back_days = 10;    // late rows are looked for so far back
  bool is_enabled = true;

  // Not changed by put().
  std::optional<Time> last_successful_run;
  std::optional<Time> created_at;
};

}  // namespace finops::journal
