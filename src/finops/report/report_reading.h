#pragma once

#include <stop_token>

#include "finops/datasets/project.h"
#include "finops/engines/sql_engine.h"
#include "finops/report/report_data.h"

namespace finops::report {

/// Whether a table is part of a project under its semantics: what a report may read.
bool is_of_project(const datasets::Project& project, const std::string& name_space);

/// Reads what a report shows of a project whose SQL nobody needs to run: samples and groups of its
/// tables as they are in the lake, never whole tables. `versions` are the tables that the engine
/// shows. Throws kUsage when no run has made a table yet.
ReportData read_report(SqlEngine& engine, const datasets::Project& project,
                       const TableVersions& versions, const std::stop_token& stop);

}  // namespace finops::report
