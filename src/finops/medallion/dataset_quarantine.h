#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "finops/datasets/project.h"
#include "finops/medallion/dataset_report.h"
#include "finops/medallion/dataset_run.h"
#include "finops/pipeline/quarantine_reading.h"

namespace finops::medallion {

/// Which rows of a project's quarantine; what is empty leaves out none.
struct QuarantineChoice {
  std::vector<std::string> datasets;
  std::string code;  // among others, perhaps
  std::string file;  // a landing file
};

/// Rows of one dataset, or of one of its landing files. A row with several reasons counts for each.
struct DatasetQuarantine {
  std::string dataset;
  std::string file;  // empty: of all
  std::int64_t rows = 0;
  std::int64_t waived = 0;                      // rows of which each reason is waived
  std::map<std::string, std::int64_t> reasons;  // rows by code
  /// By money column and currency ("": none, or it cannot be read): all rows, also those without an
  /// amount.
  std::map<std::string, std::map<std::string, QuarantineOfCurrency>> money;
};

/// The quarantine of a project under one of its semantics.
struct ProjectQuarantine {
  std::string project, semantics;
  std::vector<DatasetQuarantine> datasets;  // those that have rows there, by name and file
  std::vector<Waiver> waivers;              // of the datasets that were asked for
};

/// A quarantined row of a dataset, as it was delivered.
struct QuarantinedRecord {
  std::string dataset, file;
  std::int64_t line = 0;
  std::vector<std::string> reasons;
  bool is_waived = false;                                  // each reason is
  std::vector<std::pair<std::string, std::string>> cells;  // by column; none for a NULL
  std::string raw;                                         // bytes of a record without cells
};

/// What is to be accepted, or no more.
struct DatasetWaiverRequest {
  std::string dataset, code, file;  // as of a Waiver
  std::string reason;               // why
  bool withdraws = false;           // takes such a waiver away again
  bool is_dry_run = false;
};

struct DatasetWaiverReport {
  Waiver waiver;
  bool is_changed = false;  // false: it was so before, or there was none to withdraw
};

// Of the tables in the lake as they are. Money is read as the project's files say now. Each throws
// kUsage when no run has made tables of the project, or a dataset is named that it does not have.

ProjectQuarantine read_quarantine(const datasets::Project& project, const RunPlace& place,
                                  const QuarantineChoice& choice, bool by_file,
                                  const std::stop_token& stop);

/// In the order of dataset, file and line; at most `limit`.
std::vector<QuarantinedRecord> read_quarantined_records(const datasets::Project& project,
                                                        const RunPlace& place,
                                                        const QuarantineChoice& choice,
                                                        std::uint64_t limit,
                                                        const std::stop_token& stop);

/// Records that quarantined rows are accepted, those of later runs too; no row and no sum changes.
/// The same waiver again changes nothing, another reason replaces the first. kNotFound when there
/// is no such row to waive, kLocked when a run of the project is at work.
DatasetWaiverReport waive(const datasets::Project& project, const RunPlace& place,
                          const DatasetWaiverRequest& request, const std::stop_token& stop);

}  // namespace finops::medallion
