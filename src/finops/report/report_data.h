#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "finops/engines/sql_engine.h"
#include "finops/medallion/dataset_report.h"
#include "finops/report/plot.h"

namespace finops::report {

/// The state of a table in the lake that a report is of.
struct TableVersion {
  std::optional<std::int64_t> snapshot_id;
};

/// By "namespace.name".
using TableVersions = std::map<std::string, TableVersion>;

/// The first rows of a table, or of a query, cells as the engine tells them: decimals are exact.
struct RowSample {
  std::vector<ResultColumn> columns;
  std::vector<ResultRow> rows;
  std::int64_t all_rows = 0;  // that there are
};

struct DatasetSection {
  std::string name, description;
  std::string built_at;  // of silver: "2026-05-31 23:59:59", UTC
  medallion::RowCounts quality;
  RowSample quarantine;  // some rows of each reason
};

/// Quarantined rows that somebody has accepted as they are.
struct WaiverLine {
  std::string dataset, code, file;  // the last two empty: all
  std::string since, reason;
  std::int64_t rows = 0;  // that it covered then
};

struct AnomalyCount {
  std::string name;  // a severity or a method
  std::string description;
  std::int64_t rows = 0;
  std::string amount;  // their sum, exact; empty: not told
};

/// What the anomaly step of a model found.
struct AnomalySection {
  std::string model, description, amount;  // the column that was judged
  std::int64_t judged = 0, anomalies = 0;
  std::vector<AnomalyCount> severities, methods;
  RowSample largest;
  std::optional<Plot> plot;
};

struct DescribedColumn {
  std::string name, type, description;
};

struct ModelSection {
  std::string name, description, table;  // "provider_gold.costs"
  bool is_made = false;                  // false: no run has made it yet; then there is no more
  std::string built_at;
  std::optional<std::int64_t> snapshot_id;
  std::vector<std::string> tests;  // that held when it was made
  std::vector<DescribedColumn> columns;
  bool has_anomalies = false;  // drawn in its AnomalySection
  RowSample first;
  std::optional<Plot> plot;
};

/// What a report shows, and nothing of how.
struct ReportData {
  std::string project, description, semantics;
  std::string made_at;                      // of the youngest table
  std::optional<std::int64_t> snapshot_id;  // of table_states: of the last commit of a run
  std::vector<DatasetSection> datasets;
  std::vector<WaiverLine> waivers;
  std::vector<AnomalySection> anomalies;
  std::vector<ModelSection> models;
};

}  // namespace finops::report
