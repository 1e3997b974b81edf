#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "finops/medallion/dataset_report.h"
#include "finops/medallion/project_description.h"
#include "finops/medallion/trino_models.h"

namespace finops {

// What the `dataset` commands print for people.

/// "orders  duplicate_key of a.csv: known  (since 2026-05-31 23:59:59, 2 rows then)"
std::string waiver_text(const medallion::Waiver& waiver);
/// Nothing without any.
void print_waivers(std::ostream& out, const std::vector<medallion::Waiver>& waivers);

void print_dataset_run(std::ostream& out, const medallion::DatasetRunReport& report,
                       bool is_dry_run);
void print_dataset_status(std::ostream& out, const medallion::DatasetRunReport& report);
void print_dataset_check(std::ostream& out,
                         const std::vector<medallion::ProjectDescription>& described);
void print_lineage(std::ostream& out, const medallion::ProjectDescription& described);
/// Markdown.
/// For Trino, each with a semicolon.
void print_trino_models(std::ostream& out, const std::vector<medallion::TrinoModel>& models);
void print_dataset_docs(std::ostream& out, const medallion::ProjectDescription& described);

}  // namespace finops
