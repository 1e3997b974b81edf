#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "finops/journal/client_configuration.h"
#include "finops/warehouses/table_copy.h"

namespace finops::jobs {

/// What a message asks for: an organisation's copy, other places than its configuration's, one day.
struct CopyWish {
  std::string organization_id;
  std::string source_project, source_dataset, source_table;  // empty: as configured
  std::optional<std::chrono::sys_days> only_day;
};

/// What goes before the organisation's configuration in a job's parameters: a JSON object with the
/// names of the message, project_id, dataset_id, table_id and target_date.
std::string parameters_of(const CopyWish& wish);
/// The same back. Throws kInvalidData for what parameters_of did not write.
CopyWish wish_of(const std::string& organization_id, const std::string& parameters);

/// A copy with all its places.
struct CopyOrder {
  TablePath source, destination;
  bool is_usual_source = true;  // that of the configuration: the watermark is its
  std::string reader_account;   // impersonated for reading; empty: nobody
  std::string location;         // of both datasets; empty: the source's
  std::string transform_sql;    // path of a file; empty: none
  int look_back_days = 10;
  std::optional<std::chrono::sys_days> only_day;
};

/// The wish over the organisation's configuration over what is usual: projects are `own_project`,
/// the destination is org_<id>_standard_export.org_<id>_standard_export_table, as the reference
/// service names it. Throws kInvalidConfig, naming all that is missing.
CopyOrder order_of(const journal::ClientConfiguration& client, const CopyWish& wish,
                   const std::string& own_project);

/// Throws kInvalidConfig when another organisation is copied to the same table: each would replace
/// the other's days.
void require_own_destination(const std::vector<journal::ClientConfiguration>& clients,
                             const journal::ClientConfiguration& client,
                             const std::string& own_project);

}  // namespace finops::jobs
