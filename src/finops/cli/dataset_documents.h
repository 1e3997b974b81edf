#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "finops/medallion/dataset_report.h"
#include "finops/medallion/project_description.h"
#include "finops/medallion/trino_models.h"

namespace finops {

// What the `dataset` commands print with --json. Decimals are strings.

nlohmann::ordered_json dataset_run_document(const medallion::DatasetRunReport& report,
                                            bool is_dry_run);
nlohmann::ordered_json waiver_document(const medallion::Waiver& waiver);
nlohmann::ordered_json waivers_document(const std::vector<medallion::Waiver>& waivers);
nlohmann::ordered_json dataset_check_document(
    const std::vector<medallion::ProjectDescription>& described);
nlohmann::ordered_json lineage_document(const medallion::ProjectDescription& described);
nlohmann::ordered_json trino_models_document(const std::vector<medallion::TrinoModel>& models);
nlohmann::ordered_json dataset_docs_document(const medallion::ProjectDescription& described);

}  // namespace finops
