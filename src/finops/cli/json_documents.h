#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "finops/cli/services.h"

namespace finops {

// What --json prints; docs/commands.md describes each. Exact numbers are texts.

/// Holds and waivers are JSON of our own making; a text that is none is shown as it is.
nlohmann::ordered_json json_or_null(const std::string& text);
nlohmann::ordered_json id_document(const ExportId& id);
nlohmann::ordered_json plan_document(const std::vector<PlanItem>& plan);
nlohmann::ordered_json run_document(const RunReport& report);
nlohmann::ordered_json export_document(const std::vector<ExportedFile>& files);
nlohmann::ordered_json history_document(const std::vector<HistoryEntry>& entries);
nlohmann::ordered_json money_document(const std::map<std::string, ExactSum>& by_currency);
nlohmann::ordered_json rollback_document(const RollbackReport& report, bool is_dry_run);
nlohmann::ordered_json release_document(const std::vector<ReleaseReport>& released);
nlohmann::ordered_json verify_document(const std::vector<VerifyReport>& reports);
nlohmann::ordered_json doctor_document(const std::vector<DoctorCheck>& checks);
nlohmann::ordered_json demo_document(const DemoSummary& summary);
nlohmann::ordered_json cloud_provider_document(const CloudProviderSummary& summary);
nlohmann::ordered_json config_document(const Configuration& configuration);

std::string_view to_string(VerifyReport::Verdict verdict);
std::string_view to_string(DoctorCheck::Result result);

}  // namespace finops
