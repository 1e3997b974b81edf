#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "finops/core/clock.h"
#include "finops/core/error.h"
#include "finops/lake/lake.h"

namespace finops {

/// How much of the past stays: everything of the last days, and of each (table, source, period) so
/// many deliveries, whatever their age.
struct KeptPast {
  int days = 90;
  int versions = 5;
};

struct TableExpiry {
  lake::TableName table;
  std::size_t expired_snapshots = 0, kept_snapshots = 0;
  std::size_t files = 0;                        // that only expired snapshots reached
  std::uint64_t bytes = 0;                      // of these
  std::string failure;                          // empty: done
  ErrorKind error_kind = ErrorKind::kInternal;  // of the failure
};

struct LakeExpiry {
  bool is_dry_run = false;
  std::vector<TableExpiry> tables;
  bool is_changed() const;
  bool has_failed() const;
};

/// The snapshots that a rollback needs: for each partition of each table, those of the newest
/// `versions` deliveries that were accepted, and of the current one; and those of the quarantine
/// tables that show the rows which these deliveries left there.
std::map<lake::TableName, std::set<std::int64_t>> snapshots_of_kept_versions(lake::Lake& lake,
                                                                             int versions);

/// Expires the snapshots of all tables that neither their age nor a kept version saves, each table
/// in one commit of its own; then removes the files that only those reached. A table that cannot be
/// expired stops no other. Rows are never removed. Any number may run at once, beside loads: what
/// is younger than this call stays.
LakeExpiry expire_lake(lake::Lake& lake, const KeptPast& kept, Clock& clock, bool dry_run);

}  // namespace finops
