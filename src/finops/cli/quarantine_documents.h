#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "finops/cli/services.h"

namespace finops {

// What --json prints of the commands of `finops quarantine`; docs/commands.md describes each.

// Of bills.
nlohmann::ordered_json quarantine_document(const std::vector<QuarantineSummary>& summaries);
nlohmann::ordered_json quarantine_document(const std::vector<QuarantinedRow>& rows);
nlohmann::ordered_json replay_document(const std::vector<ReplayReport>& reports, bool is_dry_run);
nlohmann::ordered_json waiver_document(const WaiverReport& report, bool is_dry_run);

// Of datasets.
nlohmann::ordered_json quarantine_document(const medallion::ProjectQuarantine& quarantine);
nlohmann::ordered_json quarantine_document(const std::vector<medallion::QuarantinedRecord>& rows);
nlohmann::ordered_json replay_document(const medallion::DatasetRunReport& report, bool is_dry_run);
nlohmann::ordered_json waiver_document(const medallion::DatasetWaiverReport& report,
                                       const medallion::DatasetWaiverRequest& request);

}  // namespace finops
