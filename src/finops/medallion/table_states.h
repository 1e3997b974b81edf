#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "finops/core/error.h"
#include "finops/datasets/project.h"
#include "finops/medallion/dataset_report.h"
#include "finops/medallion/run_tables.h"

namespace finops::medallion {

inline constexpr const char* kTableStates = "table_states";

/// How a table of silver or gold was made: a row of "<project>_silver".table_states. A table whose
/// `definition` is still the same is not made again.
struct TableState {
  std::string layer, name;  // "silver", "usage_events"
  /// SHA-256 of all that its rows depend on: the SQL, and the definitions or files of what it
  /// reads.
  std::string definition;
  /// The same without the landing files: where it stays, only what landed is refined. Of silver.
  std::string logic;
  std::int64_t built_at = 0;  // microseconds since 1970
  std::string report;         // JSON: the packs of silver, the report of a model
};

/// By layer and name.
using TableStates = std::map<std::pair<std::string, std::string>, TableState>;

TableStates read_table_states(RunTables& tables, const std::string& name_space);
void write_table_states(RunTables& tables, const std::string& name_space,
                        const TableStates& states);

/// kUsage: no run has made tables of the project yet.
Error not_made_yet(const datasets::Project& project);

std::string to_json(const ModelReport& report);
/// What the run that made the table told; kInvalidData for a text that is none.
ModelReport model_report_from(const std::string& json);

}  // namespace finops::medallion
