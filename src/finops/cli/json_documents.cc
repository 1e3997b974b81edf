#include "finops/cli/json_documents.h"

#include <nlohmann/json.hpp>

#include "finops/cli/human_text.h"
#include "finops/config/value_text.h"
#include "finops/core/json_or_null.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

/// What a replacement did to the cost of a month; both null where nothing was replaced.
void add_cost_change(Json& document, const std::optional<CostChange>& change) {
  document["cost_change"] = change ? money_document(change->by_currency) : Json();
  const bool is_closed = change && change->has_moved_closed_month();
  document["closed_month_change"] = is_closed ? money_document(change->moved()) : Json();
}

Json rows_document(std::uint64_t source, std::uint64_t loaded, std::uint64_t quarantined) {
  return {{"source", source}, {"loaded", loaded}, {"quarantined", quarantined}};
}

Json stages_document(const std::vector<StageReport>& stages) {
  Json list = Json::array();
  for (const StageReport& one : stages) {
    list.push_back({{"stage", one.stage},
                    {"bytes", one.bytes},
                    {"rows", one.rows},
                    {"seconds", one.seconds},
                    {"retries", one.retries}});
  }
  return list;
}

Json partition_document(const PartitionReport& report) {
  Json result = id_document(report.id);
  result["outcome"] = to_string(report.outcome);
  result["replaced_execution_id"] = text_or_null(report.replaced_version);
  result["files"] = report.files;
  result["compressed_bytes"] = report.compressed_bytes;
  result["text_bytes"] = report.text_bytes;
  result["rows"] = rows_document(report.source_rows, report.loaded_rows, report.quarantined_rows);
  result["unblended_cost"] = money_document(report.unblended_cost);
  add_cost_change(result, report.cost_change);
  result["new_columns"] = report.new_columns;
  result["snapshot_id"] = report.snapshot_id ? Json(*report.snapshot_id) : Json();
  result["seconds"] = report.seconds;
  result["stages"] = stages_document(report.stages);
  result["message"] = text_or_null(report.message);
  result["warnings"] = report.warnings;
  const bool has_failed = report.outcome == Outcome::kFailed;
  result["error_kind"] = has_failed ? Json(to_string(report.error_kind)) : Json();
  return result;
}

Json stale_document(const std::vector<StaleSource>& stale) {
  Json list = Json::array();
  for (const StaleSource& one : stale) {
    Json entry = {{"source", one.source}};
    entry["newest_delivery"] = one.newest ? Json(to_iso8601(*one.newest)) : Json();
    entry["age_seconds"] =
        one.age ? Json(std::chrono::floor<std::chrono::seconds>(*one.age).count()) : Json();
    entry["max_age_seconds"] = one.max_age.count();
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

Json json_or_null(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  return text.empty() ? Json() : json.is_discarded() ? Json(text) : json;
}

Json money_document(const std::map<std::string, ExactSum>& by_currency) {
  Json result = Json::object();
  for (const auto& [currency, sum] : by_currency) result[currency] = sum.to_string();
  return result;
}

Json id_document(const ExportId& id) {
  return {{"table", text_or_null(id.table)},
          {"source", id.source},
          {"billing_period", text_or_null(id.partition)},
          {"execution_id", text_or_null(id.version)}};
}

Json plan_document(const std::vector<PlanItem>& plan) {
  Json items = Json::array();
  for (const PlanItem& item : plan) {
    Json one = id_document(item.id);
    one["action"] = to_string(item.action);
    one["current_execution_id"] = text_or_null(item.current_version);
    one["files"] = item.files;
    one["bytes"] = item.bytes;
    one["manifest"] = text_or_null(item.manifest_key);
    one["reason"] = text_or_null(item.reason);
    const bool is_broken = item.action == PlanAction::kBroken;
    one["error_kind"] = is_broken ? Json(to_string(item.error_kind)) : Json();
    items.push_back(std::move(one));
  }
  return items;
}

Json run_document(const RunReport& report) {
  Json result = {{"changed", report.is_changed}, {"seconds", report.seconds}};
  result["stages"] = stages_document(report.stages);
  Json deliveries = Json::array();
  for (const PartitionReport& one : report.partitions)
    deliveries.push_back(partition_document(one));
  result["deliveries"] = std::move(deliveries);
  result["stale"] = stale_document(report.stale);
  result["notes"] = report.notes;
  return result;
}

Json export_document(const std::vector<ExportedFile>& files) {
  bool is_changed = false;
  Json list = Json::array();
  for (const ExportedFile& file : files) {
    is_changed |= file.outcome == "written";
    list.push_back({{"path", file.path},
                    {"billing_period", file.period},
                    {"outcome", file.outcome},
                    {"rows", file.rows},
                    {"bytes", file.bytes}});
  }
  return {{"changed", is_changed}, {"files", std::move(list)}};
}

Json history_document(const std::vector<HistoryEntry>& entries) {
  Json list = Json::array();
  for (const HistoryEntry& entry : entries) {
    const DeliveryRecord& record = entry.record;
    Json one = id_document(record.id);
    one["revision"] = record.revision;
    one["state"] = to_string(record.state);
    one["recorded_at"] = to_iso8601(TimePoint(std::chrono::milliseconds(record.recorded_ms)));
    one["rows"] = rows_document(record.source_rows, record.loaded_rows, record.quarantined_rows);
    one["manifest"] = text_or_null(record.manifest_key);
    one["refusal"] = text_or_null(record.refusal);
    one["hold"] = json_or_null(record.hold);
    add_cost_change(one, entry.cost_change);
    list.push_back(std::move(one));
  }
  return {{"deliveries", std::move(list)}};
}

Json rollback_document(const RollbackReport& report, bool is_dry_run) {
  Json document = {{"dry_run", is_dry_run}, {"changed", report.is_changed && !is_dry_run}};
  document.update(id_document(report.id));
  document["revision"] = report.revision;
  document["replaced"] = text_or_null(report.replaced_version);
  document["rows"] = {{"loaded", report.loaded_rows}, {"quarantined", report.quarantined_rows}};
  document["files"] = report.files;
  document["bytes"] = report.bytes;
  document["snapshot_id"] = report.snapshot_id ? Json(*report.snapshot_id) : Json();
  return document;
}

Json release_document(const std::vector<ReleaseReport>& released) {
  Json list = Json::array();
  for (const ReleaseReport& one : released) {
    Json entry = id_document(one.id);
    entry["hold"] = json_or_null(one.hold);
    list.push_back(std::move(entry));
  }
  return {{"changed", !released.empty()}, {"released", std::move(list)}};
}

Json verify_document(const std::vector<VerifyReport>& reports) {
  Json list = Json::array();
  for (const VerifyReport& report : reports) {
    Json one = id_document(report.id);
    one["verdict"] = to_string(report.verdict);
    one["rows"] = report.rows;
    one["differences"] = report.differences;
    one["message"] = text_or_null(report.message);
    list.push_back(std::move(one));
  }
  return {{"deliveries", std::move(list)}};
}

Json doctor_document(const std::vector<DoctorCheck>& checks) {
  bool is_good = true;
  Json list = Json::array();
  for (const DoctorCheck& check : checks) {
    is_good &= check.result != DoctorCheck::Result::kBad;
    list.push_back({{"subject", check.subject},
                    {"result", to_string(check.result)},
                    {"finding", check.finding},
                    {"advice", text_or_null(check.advice)}});
  }
  return {{"good", is_good}, {"checks", std::move(list)}};
}

Json demo_document(const DemoSummary& summary) {
  Json list = Json::array();
  for (const DemoDeliveryInfo& one : summary.written) {
    list.push_back({{"source", one.source},
                    {"billing_period", one.period.to_string()},
                    {"execution_id", one.execution_id},
                    {"rows", one.rows},
                    {"bytes", one.bytes}});
  }
  return {{"changed", summary.changed},
          {"rows", summary.rows},
          {"bytes", summary.bytes},
          {"truth", summary.truth_file.string()},
          {"config", summary.config_file.string()},
          {"deliveries", std::move(list)}};
}

Json cloud_provider_document(const CloudProviderSummary& summary) {
  Json list = Json::array();
  for (const CloudProviderDataset& one : summary.written) {
    list.push_back(
        {{"dataset", one.name}, {"files", one.files}, {"rows", one.rows}, {"bytes", one.bytes}});
  }
  return {{"changed", summary.changed},
          {"rows", summary.rows},
          {"bytes", summary.bytes},
          {"truth", summary.truth_file.string()},
          {"config", summary.config_file.string()},
          {"datasets", std::move(list)}};
}

Json config_document(const Configuration& configuration) {
  Json values = Json::object();
  for (const EffectiveValue& value : configuration.values) {
    Json one;
    const auto integer = value.type == ValueType::kCount ? parse_integer(value.text) : std::nullopt;
    if (value.type == ValueType::kBoolean) {
      one["value"] = *parse_boolean(value.text);
    } else if (integer) {
      one["value"] = *integer;
    } else {
      one["value"] = text_or_null(value.text);
    }
    one["origin"] = value.origin.where;
    values[value.key] = std::move(one);
  }
  return {{"file", text_or_null(configuration.file)}, {"values", std::move(values)}};
}

std::string_view to_string(VerifyReport::Verdict verdict) {
  switch (verdict) {
    case VerifyReport::Verdict::kAgrees: return "agrees";
    case VerifyReport::Verdict::kDiffers: return "differs";
    case VerifyReport::Verdict::kCannotBeVerified: return "cannot_be_verified";
  }
  return "differs";
}

std::string_view to_string(DoctorCheck::Result result) {
  switch (result) {
    case DoctorCheck::Result::kGood: return "good";
    case DoctorCheck::Result::kWarning: return "warning";
    case DoctorCheck::Result::kBad: return "bad";
  }
  return "bad";
}

}  // namespace finops
