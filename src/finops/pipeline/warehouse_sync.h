#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/core/billing_period.h"
#include "finops/core/clock.h"
#include "finops/core/error.h"
#include "finops/core/export_id.h"
#include "finops/lake/lake.h"
#include "finops/pipeline/run_ending.h"
#include "finops/warehouses/warehouse.h"

namespace finops {

struct WarehouseRequest {
  std::vector<std::string> sources;          // empty: all
  std::optional<BillingPeriod> first, last;  // of the billing periods
  bool overwrite = false;                    // replace also what is held already
  bool is_dry_run = false;
  /// What tables of the lake are called there; the others keep their names.
  std::map<std::string, std::string> names;
  std::string lock_folder;
};

/// What became of one (table, source, period).
struct RemotePeriod {
  enum class Outcome { kLoaded, kReplaced, kUnchanged, kFailed, kLocked };
  ExportId id;                            // of the current delivery
  std::string table;                      // there
  Outcome outcome = Outcome::kUnchanged;  // of a dry run: what would become of it
  std::string held_version;               // execution id that was there; empty: none
  std::uint64_t rows = 0;
  std::uint64_t lake_bytes = 0;     // of the Parquet files that hold the rows
  std::uint64_t checked_bytes = 0;  // what the warehouse reads to check the rows, about
  ReplacedPeriod replaced;
  double seconds = 0;
  std::string message;                          // of kFailed and kLocked
  ErrorKind error_kind = ErrorKind::kInternal;  // of kFailed

  bool is_changed() const;  // kLoaded or kReplaced
};
std::string_view to_string(RemotePeriod::Outcome outcome);

struct WarehouseReport {
  std::string warehouse;  // for people
  bool is_dry_run = false;
  std::vector<RemotePeriod> periods;
  std::vector<std::string> notes;  // on what the warehouse holds and the lake does not

  bool is_changed() const;
  RunEnding ending() const;
  int exit_code() const { return ending().exit_code(); }
};

/// Makes the warehouse's tables equal to the lake's current deliveries, one (source, period) after
/// the other. What is held is read from the tables themselves: a period whose execution id, rows
/// and cost are the receipt's is left as it is. One failed period stops no other. Throws Error when
/// nothing can be compared, or is cancelled.
WarehouseReport sync_warehouse(lake::Lake& lake, Warehouse& warehouse,
                               const WarehouseRequest& request,
                               const std::function<void(const RemotePeriod&)>& on_period,
                               const std::stop_token& stop);

}  // namespace finops
