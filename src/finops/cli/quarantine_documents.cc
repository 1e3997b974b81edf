#include "finops/cli/quarantine_documents.h"

#include <nlohmann/json.hpp>

#include "finops/cli/dataset_documents.h"
#include "finops/cli/json_documents.h"
#include "finops/core/base64.h"
#include "finops/core/json_or_null.h"
#include "finops/core/utf8.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

/// `cost` is how the documents call the money.
Json count_document(const QuarantineCount& count, const char* cost) {
  return {{"rows", count.rows}, {cost, count.cost.to_string()}};
}

/// By currency and reason.
Json currencies_document(const std::map<std::string, QuarantineOfCurrency>& by_currency,
                         const char* cost) {
  Json currencies = Json::object();
  for (const auto& [currency, of_currency] : by_currency) {
    Json& one = currencies[currency] = count_document(of_currency.all, cost);
    one["reasons"] = Json::object();
    for (const auto& [reason, count] : of_currency.reasons) {
      one["reasons"][reason] = count_document(count, cost);
    }
  }
  return currencies;
}

/// By currency and reason, and over all of either.
Json counts_document(const QuarantineSummary& summary) {
  std::map<std::string, std::uint64_t> reasons;
  Json costs = Json::object();
  for (const auto& [currency, of_currency] : summary.currencies) {
    costs[currency] = of_currency.all.cost.to_string();
    for (const auto& [reason, count] : of_currency.reasons) reasons[reason] += count.rows;
  }
  return {{"unblended_cost", costs},
          {"reasons", reasons},
          {"currencies", currencies_document(summary.currencies, "unblended_cost")}};
}

/// JSON holds text only; bytes that are none must come out again unchanged.
void add_raw(Json& row, const std::string& raw) {
  row[is_utf8(raw) ? "raw" : "raw_base64"] = is_utf8(raw) ? raw : base64(raw);
}

Json document_of(const medallion::DatasetQuarantine& one) {
  Json money = Json::array();
  for (const auto& [column, currencies] : one.money) {
    money.push_back(
        {{"column", column}, {"currencies", currencies_document(currencies, "amount")}});
  }
  return {{"dataset", one.dataset}, {"file", text_or_null(one.file)}, {"rows", one.rows},
          {"waived", one.waived},   {"reasons", one.reasons},         {"money", money}};
}

Json document_of(const medallion::QuarantinedRecord& record) {
  Json cells = Json::object();
  for (const auto& [column, text] : record.cells) cells[column] = text;
  Json row = {{"dataset", record.dataset}, {"file", record.file},        {"line", record.line},
              {"reasons", record.reasons}, {"waived", record.is_waived}, {"cells", cells}};
  if (!record.raw.empty()) add_raw(row, record.raw);
  return row;
}

/// What moved in each currency of each money column, beside what is in quarantine now.
Json moved_document(const medallion::DatasetReport& report) {
  Json money = Json::array();
  for (const auto& proof : report.money) {
    ExactSum loaded;
    const auto column = report.moves.left_money.find(proof.column);
    if (column != report.moves.left_money.end()) {
      const auto sum = column->second.find(proof.currency);
      if (sum != column->second.end()) loaded = sum->second;
    }
    money.push_back({{"column", proof.column},
                     {"currency", proof.currency},
                     {"loaded", loaded.to_string()},
                     {"quarantined", proof.quarantined.to_string()}});
  }
  return money;
}

}  // namespace

Json replay_document(const std::vector<ReplayReport>& reports, bool is_dry_run) {
  bool is_changed = false;
  Json list = Json::array();
  for (const ReplayReport& report : reports) {
    is_changed |= report.is_changed && !is_dry_run;
    Json one = id_document(report.id);
    one["revision"] = report.revision;
    one["rows"] = {{"before", report.rows},
                   {"loaded", report.loaded},
                   {"quarantined", report.rows - report.loaded}};
    one["unblended_cost"] = money_document(report.unblended_cost);
    one["snapshot_id"] = report.snapshot_id ? Json(*report.snapshot_id) : Json();
    one["message"] = text_or_null(report.message);
    list.push_back(std::move(one));
  }
  return {{"dry_run", is_dry_run}, {"changed", is_changed}, {"deliveries", std::move(list)}};
}

Json waiver_document(const WaiverReport& report, bool is_dry_run) {
  Json document = {{"dry_run", is_dry_run}, {"changed", !is_dry_run}};
  document.update(id_document(report.id));
  document["quarantined_rows"] = report.quarantined_rows;
  document["was_refused"] = report.was_refused;
  document["waiver"] = Json::parse(report.waiver);
  return document;
}

Json quarantine_document(const std::vector<QuarantineSummary>& summaries) {
  Json list = Json::array();
  for (const QuarantineSummary& summary : summaries) {
    Json one = id_document(summary.id);
    one["current"] = summary.is_current;
    one["rows"] = summary.rows;
    one["waiver"] = json_or_null(summary.waiver);
    one.update(counts_document(summary));
    list.push_back(std::move(one));
  }
  return {{"deliveries", std::move(list)}};
}

Json quarantine_document(const std::vector<QuarantinedRow>& rows) {
  Json list = Json::array();
  for (const QuarantinedRow& row : rows) {
    Json one = id_document(row.id);
    one["file"] = row.file;
    one["line"] = row.line;
    one["currency"] = row.currency;
    one["reasons"] = row.reasons;
    add_raw(one, row.raw);
    list.push_back(std::move(one));
  }
  return {{"rows", std::move(list)}};
}

Json quarantine_document(const medallion::ProjectQuarantine& quarantine) {
  Json datasets = Json::array();
  for (const auto& one : quarantine.datasets) datasets.push_back(document_of(one));
  return {{"project", quarantine.project},
          {"semantics", quarantine.semantics},
          {"datasets", std::move(datasets)},
          {"waivers", waivers_document(quarantine.waivers)}};
}

Json quarantine_document(const std::vector<medallion::QuarantinedRecord>& rows) {
  Json list = Json::array();
  for (const auto& row : rows) list.push_back(document_of(row));
  return {{"rows", std::move(list)}};
}

Json replay_document(const medallion::DatasetRunReport& report, bool is_dry_run) {
  Json list = Json::array();
  for (const auto& one : report.datasets) {
    list.push_back({{"dataset", one.dataset},
                    {"rows",
                     {{"before", one.quarantined_before()},
                      {"loaded", one.moves.left},
                      {"quarantined", one.quarantined_rows},
                      {"new", one.moves.came}}},
                    {"money", moved_document(one)}});
  }
  return {{"dry_run", is_dry_run},
          {"changed", report.is_changed && !is_dry_run},
          {"project", report.project},
          {"semantics", report.semantics},
          {"datasets", std::move(list)}};
}

Json waiver_document(const medallion::DatasetWaiverReport& report,
                     const medallion::DatasetWaiverRequest& request) {
  return {{"dry_run", request.is_dry_run},
          {"changed", report.is_changed && !request.is_dry_run},
          {"withdrawn", request.withdraws},
          {"waiver", waiver_document(report.waiver)}};
}

}  // namespace finops
