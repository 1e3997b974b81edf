#pragma once

#include <ostream>
#include <vector>

#include "finops/medallion/dataset_report.h"
#include "finops/medallion/project_description.h"

namespace finops {

// What the `dataset` commands print for people.

void print_dataset_run(std::ostream& out, const medallion::DatasetRunReport& report,
                       bool is_dry_run);
void print_dataset_status(std::ostream& out, const medallion::DatasetRunReport& report);
void print_dataset_check(std::ostream& out,
                         const std::vector<medallion::ProjectDescription>& described);
void print_lineage(std::ostream& out, const medallion::ProjectDescription& described);
/// Markdown.
void print_dataset_docs(std::ostream& out, const medallion::ProjectDescription& described);

}  // namespace finops
