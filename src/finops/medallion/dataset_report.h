#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "finops/core/clock.h"
#include "finops/core/decimal.h"
#include "finops/pipeline/run_report.h"

namespace finops::medallion {

/// The sums of a money column in one currency; bronze is silver and quarantine.
struct MoneyProof {
  std::string column, currency;
  Decimal bronze, silver, quarantined;
};

/// Sums of money by column, then by currency.
using MoneyAmounts = std::map<std::string, std::map<std::string, ExactSum>>;

/// Quarantined rows of a dataset that are accepted as they are: no row and no sum changes, but such
/// a row is no reason for exit code 3. A row of `<silver>.waivers`.
struct Waiver {
  std::string dataset;
  std::string code;        // empty: whatever the reason
  std::string file;        // empty: of all landing files
  std::string reason;      // as people wrote it
  std::int64_t since = 0;  // microseconds since 1970
  std::int64_t rows = 0;   // that it covered then
  MoneyAmounts money;      // of these

  TimePoint since_time() const {
    return std::chrono::floor<std::chrono::milliseconds>(
        std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(since)));
  }
};

/// What a run did to a dataset's quarantine. A row was there before when one of the same landing
/// file with the same cells was.
struct QuarantineMoves {
  std::int64_t came = 0, left = 0;  // rows
  std::int64_t waived = 0;          // of those that came: each of their reasons is
  MoneyAmounts left_money;          // of the rows that left

  std::int64_t unwaived() const { return came - waived; }
};

/// The proof of rows that were refined: bronze is valid and quarantined.
struct RowCounts {
  std::int64_t bronze_rows = 0, valid_rows = 0, quarantined_rows = 0;
  std::map<std::string, std::int64_t> reasons, flags;  // rows by code
  std::vector<MoneyProof> money;
};

/// What a run did with one dataset, and how it stands since.
struct DatasetReport : RowCounts {
  std::string dataset;
  std::size_t new_files = 0, changed_files = 0, deleted_files = 0, files = 0;
  std::int64_t refined_rows = 0;  // rows of bronze that this run refined
  bool is_rebuilt = false;        // of some landing files at least
  QuarantineMoves moves;

  std::int64_t quarantined_before() const { return quarantined_rows - moves.came + moves.left; }
};

struct ModelReport {
  std::string model;
  bool is_rebuilt = false;
  std::int64_t rows = 0;
  std::vector<std::string> tests;  // that hold: "unique(org_id, usage_date)"
};

struct DatasetRunReport {
  std::string project, semantics;
  bool is_changed = false;
  std::vector<DatasetReport> datasets;
  std::vector<ModelReport> models;  // in the order in which they are made
  std::vector<Waiver> waivers;
  std::vector<StageReport> stages;

  /// Whether rows came into quarantine that nobody has accepted: exit code 3.
  bool has_new_quarantine() const {
    return std::ranges::any_of(datasets, [](const auto& one) { return one.moves.unwaived() > 0; });
  }
};

}  // namespace finops::medallion
