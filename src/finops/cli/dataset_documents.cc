#include "finops/cli/dataset_documents.h"

#include <nlohmann/json.hpp>

#include "finops/cli/json_documents.h"
#include "finops/core/json_or_null.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

Json document_of(const medallion::DatasetReport& report) {
  Json money = Json::array();
  for (const auto& proof : report.money) {
    money.push_back({{"column", proof.column},
                     {"currency", proof.currency},
                     {"bronze", proof.bronze.to_string()},
                     {"silver", proof.silver.to_string()},
                     {"quarantined", proof.quarantined.to_string()}});
  }
  return {{"dataset", report.dataset},
          {"rebuilt", report.is_rebuilt},
          {"files",
           {{"all", report.files},
            {"new", report.new_files},
            {"changed", report.changed_files},
            {"deleted", report.deleted_files}}},
          {"rows",
           {{"bronze", report.bronze_rows},
            {"refined", report.refined_rows},
            {"valid", report.valid_rows},
            {"quarantined", report.quarantined_rows}}},
          {"reasons", report.reasons},
          {"flags", report.flags},
          {"quarantine",
           {{"new", report.moves.came},
            {"new_waived", report.moves.waived},
            {"left", report.moves.left}}},
          {"money", money}};
}

}  // namespace

Json waiver_document(const medallion::Waiver& waiver) {
  Json money = Json::object();
  for (const auto& [column, amounts] : waiver.money) money[column] = money_document(amounts);
  return {{"dataset", waiver.dataset},
          {"code", text_or_null(waiver.code)},
          {"file", text_or_null(waiver.file)},
          {"since", to_iso8601(waiver.since_time())},
          {"reason", waiver.reason},
          {"rows", waiver.rows},
          {"money", money}};
}

Json waivers_document(const std::vector<medallion::Waiver>& waivers) {
  Json list = Json::array();
  for (const auto& waiver : waivers) list.push_back(waiver_document(waiver));
  return list;
}

Json dataset_run_document(const medallion::DatasetRunReport& report, bool is_dry_run) {
  Json datasets = Json::array(), models = Json::array(), stages = Json::array();
  for (const auto& one : report.datasets) datasets.push_back(document_of(one));
  for (const auto& one : report.models) {
    models.push_back({{"model", one.model},
                      {"rebuilt", one.is_rebuilt},
                      {"rows", one.rows},
                      {"tests", one.tests}});
  }
  for (const auto& stage : report.stages) {
    stages.push_back({{"stage", stage.stage}, {"seconds", stage.seconds}});
  }
  return {{"project", report.project},
          {"semantics", report.semantics},
          {"dry_run", is_dry_run},
          {"changed", report.is_changed},
          {"datasets", datasets},
          {"models", models},
          {"waivers", waivers_document(report.waivers)},
          {"stages", stages}};
}

Json dataset_check_document(const std::vector<medallion::ProjectDescription>& described) {
  Json all = Json::array();
  for (const auto& one : described) {
    all.push_back({{"semantics", one.semantics}, {"tables", one.tables.size()}});
  }
  return {{"project", described.empty() ? "" : described.front().name}, {"checked", all}};
}

Json lineage_document(const medallion::ProjectDescription& described) {
  Json tables = Json::array();
  for (const auto& table : described.tables) {
    tables.push_back({{"layer", table.layer},
                      {"name", table.name},
                      {"table", table.table},
                      {"reads", table.reads}});
  }
  return {{"project", described.name}, {"semantics", described.semantics}, {"tables", tables}};
}

Json trino_models_document(const std::vector<medallion::TrinoModel>& models) {
  Json all = Json::array();
  for (const auto& model : models) {
    all.push_back({{"model", model.name},
                   {"table", model.table},
                   {"scored", model.is_scored},
                   {"sql", model.sql}});
  }
  return {{"dialect", "trino"}, {"models", all}};
}

Json dataset_docs_document(const medallion::ProjectDescription& described) {
  Json tables = Json::array();
  for (const auto& table : described.tables) {
    Json columns = Json::array();
    for (const auto& column : table.columns) {
      columns.push_back({{"name", column.name},
                         {"type", to_string(column.type)},
                         {"description", column.description}});
    }
    tables.push_back({{"layer", table.layer},
                      {"name", table.name},
                      {"table", table.table},
                      {"description", table.description},
                      {"reads", table.reads},
                      {"columns", columns},
                      {"rules", table.rules},
                      {"tests", table.tests}});
  }
  return {{"project", described.name},
          {"description", described.description},
          {"semantics", described.semantics},
          {"tables", tables}};
}

}  // namespace finops
