#include "finops/warehouses/warehouse.h"

#include <set>
#include <utility>

namespace finops {
namespace {

ExactSum sum_in(const MoneySums& sums, const std::string& currency, const std::string& column) {
  const auto of_currency = sums.find(currency);
  if (of_currency == sums.end()) return {};
  const auto sum = of_currency->second.find(column);
  return sum == of_currency->second.end() ? ExactSum() : sum->second;
}

}  // namespace

std::string difference_of(const MoneySums& given, const MoneySums& held) {
  std::set<std::pair<std::string, std::string>> places;
  for (const MoneySums* side : {&given, &held}) {
    for (const auto& [currency, columns] : *side) {
      for (const auto& [column, sum] : columns) places.emplace(currency, column);
    }
  }
  for (const auto& [currency, column] : places) {
    const ExactSum wanted = sum_in(given, currency, column);
    const ExactSum found = sum_in(held, currency, column);
    if (wanted == found) continue;
    const std::string of = currency.empty() ? "rows without a currency" : currency;
    return "the sum of " + column + " in " + of + " is " + found.to_string() + " and not " +
           wanted.to_string();
  }
  return {};
}

}  // namespace finops
