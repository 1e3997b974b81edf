#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "finops/core/decimal.h"
#include "finops/pipeline/run_report.h"

namespace finops::medallion {

/// The sums of a money column in one currency; bronze is silver and quarantine.
struct MoneyProof {
  std::string column, currency;
  Decimal bronze, silver, quarantined;
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
  std::vector<StageReport> stages;
};

}  // namespace finops::medallion
