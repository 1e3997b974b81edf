#include "finops/demo/demo_truth.h"

#include "finops/core/error.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kSections{"by_service", "by_account", "by_line_item_type", "by_day"};

ExactSum parsed_sum(const Json& text) {
  const auto sum = ExactSum::parse(text.get<std::string>());
  if (!sum) throw Error(ErrorKind::kInvalidData, "truth.json: not a sum: " + text.dump());
  return *sum;
}

/// Adds totals ({"rows": n, "<cost>": "sum", …}), or objects of them at any depth.
void add_totals(Json& to, const Json& from) {
  for (const auto& [key, value] : from.items()) {
    if (value.is_object()) {
      if (!to.contains(key)) to[key] = Json::object();
      add_totals(to[key], value);
    } else if (value.is_number()) {
      to[key] = to.value(key, std::int64_t{0}) + value.get<std::int64_t>();
    } else {
      ExactSum sum = parsed_sum(value);
      if (to.contains(key)) sum.add(parsed_sum(to[key]));
      to[key] = sum.to_string();
    }
  }
}

}  // namespace

void DemoTruth::Totals::add(const DemoCosts& costs) {
  ++rows;
  unblended.add(costs.unblended);
  amortized.add(costs.amortized);
  true_up.add(costs.true_up);
  upfront_fees.add(costs.upfront_fees);
}

Json DemoTruth::Totals::to_json() const {
  return {{"rows", rows},
          {"unblended_cost", unblended.total().to_string()},
          {"amortized_cost", amortized.total().to_string()},
          {"commitment_true_up", true_up.total().to_string()},
          {"upfront_fees", upfront_fees.total().to_string()}};
}

void DemoTruth::Identity::add(const DemoCosts& costs) {
  unblended.add(costs.unblended);
  net_unblended.add(costs.net_unblended);
  amortized.add(costs.amortized);
  net_amortized.add(costs.net_amortized);
  true_up.add(costs.true_up);
  upfront_fees.add(costs.upfront_fees);
}

Json DemoTruth::Identity::to_json() const {
  ExactSum residual = unblended.total();
  for (const auto* part : {&amortized, &true_up, &upfront_fees}) residual.subtract(part->total());
  return {{"unblended_cost", unblended.total().to_string()},
          {"net_unblended_cost", net_unblended.total().to_string()},
          {"amortized_cost", amortized.total().to_string()},
          {"net_amortized_cost", net_amortized.total().to_string()},
          {"ri_sp_trueup", true_up.total().to_string()},
          {"ri_sp_upfront_fees", upfront_fees.total().to_string()},
          {"residual", residual.to_string()}};
}

void DemoTruth::add_to(TotalsByKey& totals, std::string_view key, const DemoCosts& costs) {
  auto found = totals.find(key);
  if (found == totals.end()) found = totals.emplace(key, Totals{}).first;
  found->second.add(costs);
}

void DemoTruth::add_row(const DemoLineItem& item) {
  const std::string_view currency = item.text(DemoField::kCurrency);
  auto found = currencies_.find(currency);
  if (found == currencies_.end()) found = currencies_.emplace(currency, Currency{}).first;
  current_ = &found->second;
  const DemoCosts costs = demo_costs(item);
  current_->totals.add(costs);
  add_to(current_->by_service, item.text(DemoField::kProductCode), costs);
  add_to(current_->by_account, item.text(DemoField::kUsageAccountId), costs);
  add_to(current_->by_line_item_type, item.text(DemoField::kLineItemType), costs);
  add_to(current_->by_day, item.text(DemoField::kUsageStart).substr(0, 10), costs);
  if (!is_split_row(item)) {
    identities_[{std::string(item.text(DemoField::kPayerAccountId)), found->first}].add(costs);
  }
  ++rows_;
}

void DemoTruth::add_cell(DemoField field, const DemoNumber& number) {
  ColumnSum& column = current_->columns[static_cast<std::size_t>(field) - kDemoFirstNumber];
  ++column.cells;
  column.sum.add(number.rounded());
  if (number.is_rounded()) [[unlikely]] {
    ++column.rounded_cells;
    column.residual.add(number.residual());
  }
}

Json DemoTruth::Currency::sums() const {
  std::map<std::string_view, const ColumnSum*> by_name;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].cells == 0) continue;
    by_name[demo_lake_name(static_cast<DemoField>(i + kDemoFirstNumber))] = &columns[i];
  }
  Json all = Json::object();
  for (const auto& [name, column] : by_name) {
    all[std::string(name)] = {{"sum", column->sum.total().to_string()},
                              {"cells", column->cells},
                              {"rounded_cells", column->rounded_cells},
                              {"rounding_residual", column->residual.to_string()}};
  }
  return all;
}

Json DemoTruth::to_json(const TotalsByKey& totals) {
  Json all = Json::object();
  for (const auto& [key, value] : totals) all[key] = value.to_json();
  return all;
}

Json DemoTruth::to_json() const {
  Json truth{{"rows", rows_}, {"sums", Json::object()}, {"totals", Json::object()}};
  for (const auto& [code, currency] : currencies_) {
    truth["sums"][code] = currency.sums();
    truth["totals"][code] = currency.totals.to_json();
    truth["by_service"][code] = to_json(currency.by_service);
    truth["by_account"][code] = to_json(currency.by_account);
    truth["by_line_item_type"][code] = to_json(currency.by_line_item_type);
    truth["by_day"][code] = to_json(currency.by_day);
  }
  truth["identity"] = Json::array();
  for (const auto& [key, identity] : identities_) {
    Json told = {{"payer", key.first}, {"currency", key.second}};
    told.update(identity.to_json());
    truth["identity"].push_back(std::move(told));
  }
  return truth;
}

Json demo_overall_totals(const Json& deliveries) {
  std::int64_t rows = 0;
  Json all{{"rows", 0}, {"by_currency", Json::object()}};
  for (const Json& delivery : deliveries) {
    if (!delivery.at("current").get<bool>()) continue;
    rows += delivery.at("rows").get<std::int64_t>();
    const Json& totals = delivery.at("totals");
    add_totals(all["by_currency"], totals);
    add_totals(all["by_period"][delivery.at("period").get<std::string>()], totals);
    add_totals(all["by_source"][delivery.at("source").get<std::string>()], totals);
    for (const char* section : kSections) add_totals(all[section], delivery.at(section));
  }
  all["rows"] = rows;
  return all;
}

}  // namespace finops
