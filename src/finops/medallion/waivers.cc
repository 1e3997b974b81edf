#include "finops/medallion/waivers.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "finops/core/error.h"
#include "finops/tabular/parquet_writing.h"

namespace finops::medallion {
namespace {

using Json = nlohmann::ordered_json;

std::vector<Column> waiver_columns() {
  const auto column = [](const char* name, ColumnType type) {
    return Column{name, type, name, true};
  };
  return {column("dataset", ColumnType::kText),    column("code", ColumnType::kText),
          column("file", ColumnType::kText),       column("reason", ColumnType::kText),
          column("since", ColumnType::kTimestamp), column("rows", ColumnType::kLong),
          column("money", ColumnType::kText)};
}

std::string money_to_json(const MoneyAmounts& money) {
  Json json = Json::object();
  for (const auto& [column, amounts] : money) {
    for (const auto& [currency, sum] : amounts) json[column][currency] = sum.to_string();
  }
  return json.dump();
}

ExactSum sum_from(const std::string& text) {
  const auto sum = ExactSum::parse(text);
  if (sum) return *sum;
  throw Error(ErrorKind::kInvalidData, "the lake's waivers have the amount '" + text + "'");
}

MoneyAmounts money_from(const std::string& text) {
  try {
    MoneyAmounts money;
    const Json json = Json::parse(text);
    for (const auto& [column, amounts] : json.items()) {
      for (const auto& [currency, sum] : amounts.items()) {
        money[column][currency] = sum_from(sum.get<std::string>());
      }
    }
    return money;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kInvalidData,
                std::string("the lake's waivers have money that is not finops': ") + error.what());
  }
}

}  // namespace

std::vector<Waiver> read_waivers(RunTables& tables, const std::string& name_space) {
  std::vector<Waiver> waivers;
  for (const auto& row : tables.read_small({name_space, kWaivers}, waiver_columns())) {
    Waiver& waiver = waivers.emplace_back();
    waiver.dataset = std::get<std::string>(row[0]);
    waiver.code = std::get<std::string>(row[1]);
    waiver.file = std::get<std::string>(row[2]);
    waiver.reason = std::get<std::string>(row[3]);
    waiver.since = std::get<std::int64_t>(row[4]);
    waiver.rows = std::get<std::int64_t>(row[5]);
    waiver.money = money_from(std::get<std::string>(row[6]));
  }
  return waivers;
}

void write_waivers(RunTables& tables, const std::string& name_space,
                   const std::vector<Waiver>& waivers) {
  std::vector<CellRow> rows;
  for (const Waiver& waiver : waivers) {
    rows.push_back({waiver.dataset, waiver.code, waiver.file, waiver.reason, waiver.since,
                    waiver.rows, money_to_json(waiver.money)});
  }
  tables.replace_small({name_space, kWaivers}, waiver_columns(), std::move(rows), {"dataset"});
}

bool are_waived(const std::vector<Waiver>& waivers, const std::string& dataset,
                const std::string& file, const std::vector<std::string>& reasons) {
  return std::ranges::all_of(reasons, [&](const std::string& code) {
    return std::ranges::any_of(waivers, [&](const Waiver& waiver) {
      return waiver.dataset == dataset && (waiver.code.empty() || waiver.code == code) &&
             (waiver.file.empty() || waiver.file == file);
    });
  });
}

}  // namespace finops::medallion
