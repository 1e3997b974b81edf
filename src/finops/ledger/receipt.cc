#include "finops/ledger/receipt.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "finops/core/error.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

/// Money columns by name; a total that a side lacks is zero.
const DecimalTotals& totals_of(const CurrencyTotals& totals, const std::string& currency,
                               const std::string& column) {
  static const DecimalTotals nothing;
  const auto by_currency = totals.find(currency);
  if (by_currency == totals.end()) return nothing;
  const auto by_column = by_currency->second.find(column);
  return by_column == by_currency->second.end() ? nothing : by_column->second;
}

Json sums_to_json(const Receipt& receipt) {
  Json currencies = Json::object();
  for (const auto& [currency, columns] : receipt.sums) {
    Json& out = currencies[currency] = Json::object();
    for (const auto& [column, sum] : columns) {
      Json& one = out[column] = {{"source", sum.source.to_string()},
                                 {"loaded", sum.loaded.to_string()},
                                 {"quarantined", sum.quarantined.to_string()},
                                 {"unreadable_cells", sum.unreadable_cells},
                                 {"rounded_cells", sum.rounded_cells},
                                 {"rounding_residual", sum.rounding_residual.to_string()}};
      if (sum.quarantined_rounded_cells == 0) continue;
      one["quarantined_rounded_cells"] = sum.quarantined_rounded_cells;
      one["quarantined_rounding_residual"] = sum.quarantined_rounding_residual.to_string();
    }
  }
  return currencies;
}

/// The headers that files name, each once.
using Headers = std::vector<std::vector<std::string>>;

Json files_to_json(const Receipt& receipt, Headers& headers) {
  Json files = Json::array();
  for (const auto& file : receipt.files) {
    files.push_back({{"key", file.key},
                     {"bytes", file.bytes},
                     {"etag", file.etag},
                     {"sha256", file.sha256},
                     {"rows", file.rows},
                     {"rejected", file.rejected}});
    if (file.header.empty()) continue;
    const auto known = std::ranges::find(headers, file.header);
    files.back()["header"] = known - headers.begin();
    if (known == headers.end()) headers.push_back(file.header);
  }
  return files;
}

Json data_files_to_json(const Receipt& receipt) {
  Json files = Json::array();
  for (const auto& file : receipt.data_files) {
    files.push_back(
        {{"key", file.key}, {"bytes", file.bytes}, {"rows", file.rows}, {"sha256", file.sha256}});
  }
  return files;
}

Json columns_to_json(const Receipt& receipt) {
  Json columns = Json::object();
  for (const auto& [name, content] : receipt.columns) {
    columns[name] = {{"nulls", content.nulls}, {"fingerprint", content.fingerprint.to_string()}};
  }
  return columns;
}

ExactSum exact(const Json& json, const char* key) {
  auto sum = ExactSum::parse(json.at(key).get<std::string>());
  if (!sum) throw Error(ErrorKind::kInvalidData, std::string("'") + key + "' is no decimal number");
  return *sum;
}

void read_sums(const Json& json, Receipt& receipt) {
  for (const auto& [currency, columns] : json.at("sums").items()) {
    for (const auto& [column, sum] : columns.items()) {
      ReceiptSum& one = receipt.sums[currency][column];
      one = {.source = exact(sum, "source"),
             .loaded = exact(sum, "loaded"),
             .quarantined = exact(sum, "quarantined"),
             .unreadable_cells = sum.at("unreadable_cells"),
             .rounded_cells = sum.at("rounded_cells"),
             .rounding_residual = exact(sum, "rounding_residual")};
      if (!sum.contains("quarantined_rounded_cells")) continue;
      one.quarantined_rounded_cells = sum.at("quarantined_rounded_cells");
      one.quarantined_rounding_residual = exact(sum, "quarantined_rounding_residual");
    }
  }
}

void read_files(const Json& json, Receipt& receipt) {
  for (const auto& file : json.at("files")) {
    receipt.files.push_back({file.at("key"), file.at("bytes"), file.at("etag"), file.at("sha256"),
                             file.at("rows"), file.at("rejected")});
    if (!file.contains("header")) continue;
    receipt.files.back().header = json.at("headers").at(file.at("header").get<std::size_t>());
  }
  for (const auto& file : json.at("data_files")) {
    receipt.data_files.push_back(
        {file.at("key"), file.at("bytes"), file.at("rows"), file.at("sha256")});
  }
}

void read_columns(const Json& json, Receipt& receipt) {
  for (const auto& [name, content] : json.at("columns").items()) {
    const auto fingerprint = Fingerprint::parse(content.at("fingerprint").get<std::string>());
    if (!fingerprint) throw Error(ErrorKind::kInvalidData, "bad fingerprint of " + name);
    receipt.columns[name] = {content.at("nulls"), *fingerprint};
  }
}

}  // namespace

std::optional<std::string> Receipt::imbalance() const {
  if (source_rows != loaded_rows + quarantined_rows) {
    return std::to_string(source_rows) + " rows delivered, but " + std::to_string(loaded_rows) +
           " loaded and " + std::to_string(quarantined_rows) + " quarantined";
  }
  for (const auto& [currency, by_column] : sums) {
    for (const auto& [column, sum] : by_column) {
      ExactSum kept = sum.loaded;
      kept.add(sum.quarantined);
      if (kept == sum.source) continue;
      return column + " in '" + currency + "': " + sum.source.to_string() + " delivered, but " +
             sum.loaded.to_string() + " loaded and " + sum.quarantined.to_string() + " quarantined";
    }
  }
  return std::nullopt;
}

std::map<std::string, std::map<std::string, ReceiptSum>> join_sums(
    const CurrencyTotals& source, const CurrencyTotals& loaded, const CurrencyTotals& quarantined) {
  std::map<std::string, std::set<std::string>> names;
  for (const auto* side : {&source, &loaded, &quarantined}) {
    for (const auto& [currency, columns] : *side) {
      for (const auto& [column, totals] : columns) names[currency].insert(column);
    }
  }
  std::map<std::string, std::map<std::string, ReceiptSum>> sums;
  for (const auto& [currency, columns] : names) {
    for (const auto& column : columns) {
      const auto& from = totals_of(source, currency, column);
      const auto& aside = totals_of(quarantined, currency, column);
      sums[currency][column] = {.source = from.sum,
                                .loaded = totals_of(loaded, currency, column).sum,
                                .quarantined = aside.sum,
                                .unreadable_cells = from.unreadable_cells,
                                .rounded_cells = from.rounded_cells,
                                .rounding_residual = from.rounding_residual,
                                .quarantined_rounded_cells = aside.rounded_cells,
                                .quarantined_rounding_residual = aside.rounding_residual};
    }
  }
  return sums;
}

std::string receipt_to_json(const Receipt& receipt) {
  Headers headers;
  const Json files = files_to_json(receipt, headers);
  Json json = {{"table", receipt.id.table},
               {"source", receipt.id.source},
               {"billing_period", receipt.id.partition},
               {"execution_id", receipt.id.version},
               {"revision", receipt.revision},
               {"snapshot_id", receipt.snapshot_id ? Json(*receipt.snapshot_id) : Json()},
               {"loaded_at", receipt.loaded_at},
               {"files", files},
               {"rows",
                {{"source", receipt.source_rows},
                 {"loaded", receipt.loaded_rows},
                 {"quarantined", receipt.quarantined_rows}}},
               {"sums", sums_to_json(receipt)},
               {"balanced", !receipt.imbalance()},
               {"columns", columns_to_json(receipt)},
               {"data_files", data_files_to_json(receipt)},
               {"costs", receipt.costs ? Json::parse(costs_to_json(*receipt.costs)) : Json()}};
  if (!receipt.focus_mark.is_empty()) json["focus"] = mark_to_json(receipt.focus_mark);
  if (receipt.period_of_rows) {
    json["period_of_rows"] = {{"column", receipt.period_of_rows->column},
                              {"told", receipt.period_of_rows->is_told}};
  }
  if (!headers.empty()) json["headers"] = headers;
  if (!receipt.waiver.empty()) json["waiver"] = Json::parse(receipt.waiver);
  return json.dump();
}

Receipt receipt_from_json(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    Receipt receipt;
    receipt.id = {json.at("table"), json.at("source"), json.at("billing_period"),
                  json.at("execution_id")};
    receipt.revision = json.at("revision");
    if (!json.at("snapshot_id").is_null()) receipt.snapshot_id = json.at("snapshot_id");
    receipt.loaded_at = json.at("loaded_at");
    receipt.source_rows = json.at("rows").at("source");
    receipt.loaded_rows = json.at("rows").at("loaded");
    receipt.quarantined_rows = json.at("rows").at("quarantined");
    read_files(json, receipt);
    read_sums(json, receipt);
    read_columns(json, receipt);
    if (json.contains("waiver")) receipt.waiver = json.at("waiver").dump();
    const auto costs = json.find("costs");
    if (costs != json.end() && !costs->is_null()) receipt.costs = costs_from_json(costs->dump());
    if (json.contains("focus")) receipt.focus_mark = mark_from_json(json.at("focus"));
    if (json.contains("period_of_rows")) {
      const Json& period = json.at("period_of_rows");
      receipt.period_of_rows = {period.at("column"), period.at("told")};
    }
    return receipt;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kInvalidData, std::string("not a receipt: ") + error.what());
  }
}

}  // namespace finops
