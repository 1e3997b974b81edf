#include "finops/cli/lake_documents.h"

#include <nlohmann/json.hpp>

#include "finops/cli/json_documents.h"
#include "finops/core/json_or_null.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

Json problems_document(const std::vector<lake::LakeProblem>& problems) {
  Json items = Json::array();
  for (const auto& problem : problems) {
    items.push_back(
        {{"table", problem.table.name.empty() ? Json() : Json(problem.table.to_string())},
         {"file", text_or_null(problem.file)},
         {"finding", problem.finding}});
  }
  return items;
}

Json orphans_document(const std::vector<lake::OrphanFile>& orphans) {
  Json items = Json::array();
  for (const auto& orphan : orphans) {
    items.push_back({{"key", orphan.key},
                     {"bytes", orphan.bytes},
                     {"last_modified", to_iso8601(orphan.last_modified)},
                     {"removable", orphan.is_removable}});
  }
  return items;
}

}  // namespace

Json expiry_document(const LakeExpiry& expiry) {
  Json tables = Json::array();
  for (const auto& table : expiry.tables) {
    const bool has_failed = !table.failure.empty();
    tables.push_back({{"table", table.table.to_string()},
                      {"expired_snapshots", table.expired_snapshots},
                      {"kept_snapshots", table.kept_snapshots},
                      {"files", table.files},
                      {"bytes", table.bytes},
                      {"message", text_or_null(table.failure)},
                      {"error_kind", has_failed ? Json(to_string(table.error_kind)) : Json()}});
  }
  return {{"dry_run", expiry.is_dry_run},
          {"changed", expiry.is_changed()},
          {"tables", std::move(tables)}};
}

Json lake_check_document(const LakeCheckReport& report) {
  Json tables = Json::array();
  for (const auto& table : report.check.tables) {
    tables.push_back({{"table", table.name.to_string()},
                      {"metadata", table.metadata_location},
                      {"snapshots", table.snapshots},
                      {"files", table.files},
                      {"bytes", table.bytes}});
  }
  Json deep;
  if (report.deep) {
    deep = {{"files", report.deep->files},
            {"bytes", report.deep->bytes},
            {"rows", report.deep->rows},
            {"files_without_receipt", report.deep->files_without_receipt}};
  }
  return {{"good", report.is_good()},
          {"changed", !report.removed.empty()},
          {"tables", std::move(tables)},
          {"problems", problems_document(report.check.problems)},
          {"orphans", orphans_document(report.check.orphans)},
          {"removed", orphans_document(report.removed)},
          {"deep", std::move(deep)}};
}

Json relocation_document(const RelocationReport& report) {
  Json tables = Json::array();
  for (const auto& table : report.tables) {
    tables.push_back({{"table", table.name.to_string()},
                      {"metadata", table.metadata_location},
                      {"snapshots", table.snapshots},
                      {"manifests", table.manifests},
                      {"data_files", table.data_files}});
  }
  return {{"dry_run", report.is_dry_run},
          {"changed", !report.is_dry_run && !report.tables.empty()},
          {"from", report.from},
          {"to", report.to},
          {"tables", std::move(tables)}};
}

Json restoration_document(const CatalogRestoration& restoration) {
  Json tables = Json::array();
  for (const auto& table : restoration.tables) {
    tables.push_back({{"table", table.name.to_string()},
                      {"metadata", table.metadata_location},
                      {"committed_at", to_iso8601(TimePoint(Duration(table.committed_ms)))},
                      {"snapshot_id", table.snapshot_id ? Json(*table.snapshot_id) : Json()},
                      {"reason", table.reason}});
  }
  return {{"dry_run", restoration.is_dry_run},
          {"changed", !restoration.is_dry_run},
          {"tables", std::move(tables)},
          {"former_root", text_or_null(restoration.former_root)},
          {"notes", restoration.notes},
          {"problems", problems_document(restoration.check.problems)}};
}

}  // namespace finops
