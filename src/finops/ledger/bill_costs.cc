#include "finops/ledger/bill_costs.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "finops/core/error.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto kReasons = std::to_array<std::pair<ResidualReason, std::string_view>>({
    {ResidualReason::kUpfrontRefunded, "upfront_refunded"},
    {ResidualReason::kNegationDiffers, "negation_differs"},
    {ResidualReason::kUsedPartDiffers, "used_part_differs"},
    {ResidualReason::kCommitmentDiffers, "commitment_differs"},
    {ResidualReason::kReservationDiffers, "reservation_differs"},
    {ResidualReason::kMissingColumns, "missing_columns"},
});

ResidualReason reason_from(const std::string& text) {
  for (const auto& [reason, name] : kReasons) {
    if (name == text) return reason;
  }
  throw Error(ErrorKind::kInvalidData, "a receipt has the unknown reason '" + text + "'");
}

ExactSum exact(const Json& json, const char* key) {
  auto sum = ExactSum::parse(json.at(key).get<std::string>());
  if (!sum) throw Error(ErrorKind::kInvalidData, std::string("'") + key + "' is no decimal number");
  return *sum;
}

Json causes_to_json(const PayerCosts& costs) {
  Json causes = Json::array();
  for (const auto& cause : costs.causes) {
    Json first = Json::array();
    for (const auto& at : cause.first) first.push_back({{"file", at.file}, {"line", at.line}});
    causes.push_back({{"line_item_type", cause.line_item_type},
                      {"reason", to_string(cause.reason)},
                      {"lines", cause.lines},
                      {"amount", cause.amount.to_string()},
                      {"first", std::move(first)}});
  }
  return causes;
}

ResidualCause cause_from(const Json& json) {
  ResidualCause cause;
  cause.line_item_type = json.at("line_item_type");
  cause.reason = reason_from(json.at("reason"));
  cause.lines = json.at("lines");
  cause.amount = exact(json, "amount");
  for (const auto& at : json.at("first")) cause.first.push_back({at.at("file"), at.at("line")});
  return cause;
}

Json payer_to_json(const PayerCosts& costs) {
  return {{"payer", costs.payer},
          {"currency", costs.currency},
          {"lines", costs.lines},
          {"unblended_cost", costs.unblended.to_string()},
          {"net_unblended_cost", costs.net_unblended.to_string()},
          {"amortized_cost", costs.amortized.to_string()},
          {"net_amortized_cost", costs.net_amortized.to_string()},
          {"ri_sp_trueup", costs.true_up.to_string()},
          {"ri_sp_upfront_fees", costs.upfront_fees.to_string()},
          {"residual", costs.residual().to_string()},
          {"causes", causes_to_json(costs)},
          {"split_lines", costs.split_lines},
          {"split_unblended_cost", costs.split_unblended.to_string()}};
}

PayerCosts payer_from(const Json& json) {
  PayerCosts costs;
  costs.payer = json.at("payer");
  costs.currency = json.at("currency");
  costs.lines = json.at("lines");
  costs.unblended = exact(json, "unblended_cost");
  costs.net_unblended = exact(json, "net_unblended_cost");
  costs.amortized = exact(json, "amortized_cost");
  costs.net_amortized = exact(json, "net_amortized_cost");
  costs.true_up = exact(json, "ri_sp_trueup");
  costs.upfront_fees = exact(json, "ri_sp_upfront_fees");
  for (const auto& cause : json.at("causes")) costs.causes.push_back(cause_from(cause));
  costs.split_lines = json.at("split_lines");
  costs.split_unblended = exact(json, "split_unblended_cost");
  return costs;
}

}  // namespace

std::string_view to_string(ResidualReason reason) {
  for (const auto& [known, name] : kReasons) {
    if (known == reason) return name;
  }
  return "missing_columns";
}

ExactSum PayerCosts::residual() const {
  ExactSum residual = unblended;
  for (const auto* part : {&amortized, &true_up, &upfront_fees}) residual.subtract(*part);
  return residual;
}

std::string costs_to_json(const BillCosts& costs) {
  Json payers = Json::array();
  for (const auto& payer : costs.payers) payers.push_back(payer_to_json(payer));
  return Json{{"payers", std::move(payers)},
              {"missing_columns", costs.missing_columns},
              {"service_totals", costs.service_totals}}
      .dump();
}

BillCosts costs_from_json(const std::string& text) {
  const Json json = Json::parse(text);
  BillCosts costs;
  for (const auto& payer : json.at("payers")) costs.payers.push_back(payer_from(payer));
  costs.missing_columns = json.at("missing_columns").get<std::vector<std::string>>();
  costs.service_totals = json.at("service_totals");
  return costs;
}

}  // namespace finops
