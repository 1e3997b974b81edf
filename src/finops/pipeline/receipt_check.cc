#include "finops/pipeline/receipt_check.h"

#include <set>

namespace finops {
namespace {

using Sums = std::map<std::string, std::map<std::string, ExactSum>>;

struct Side {
  std::string name;
  std::uint64_t rows;
  Sums sums;
  const std::map<std::string, ColumnContent>& columns;
};

Sums sums_of(const CurrencyTotals& totals) {
  Sums sums;
  for (const auto& [currency, columns] : totals) {
    for (const auto& [column, total] : columns) sums[currency][column] = total.sum;
  }
  return sums;
}

Sums sums_of(const Receipt& receipt) {
  Sums sums;
  for (const auto& [currency, columns] : receipt.sums) {
    for (const auto& [column, sum] : columns) sums[currency][column] = sum.loaded;
  }
  return sums;
}

ExactSum look_up(const Sums& sums, const std::string& currency, const std::string& column) {
  const auto by_currency = sums.find(currency);
  if (by_currency == sums.end()) return {};
  const auto by_column = by_currency->second.find(column);
  return by_column == by_currency->second.end() ? ExactSum() : by_column->second;
}

void compare_sums(const Side& a, const Side& b, std::vector<std::string>& found) {
  std::set<std::pair<std::string, std::string>> cells;
  for (const auto* side : {&a, &b}) {
    for (const auto& [currency, columns] : side->sums) {
      for (const auto& [column, sum] : columns) cells.emplace(currency, column);
    }
  }
  for (const auto& [currency, column] : cells) {
    const ExactSum left = look_up(a.sums, currency, column);
    const ExactSum right = look_up(b.sums, currency, column);
    if (left == right) continue;
    found.push_back("sum of " + column + " in '" + currency + "': " + a.name + " " +
                    left.to_string() + ", " + b.name + " " + right.to_string());
  }
}

void compare_columns(const Side& a, const Side& b, std::vector<std::string>& found) {
  std::set<std::string> names;
  for (const auto* side : {&a, &b}) {
    for (const auto& [name, content] : side->columns) names.insert(name);
  }
  const auto content_of = [](const Side& side, const std::string& name) {
    const auto it = side.columns.find(name);
    return it == side.columns.end() ? ColumnContent{side.rows, {}} : it->second;
  };
  for (const auto& name : names) {
    const ColumnContent left = content_of(a, name), right = content_of(b, name);
    if (left == right) continue;
    const bool has_other_nulls = left.nulls != right.nulls;
    found.push_back("column " + name + ": " +
                    (has_other_nulls ? a.name + " has " + std::to_string(left.nulls) + " NULLs, " +
                                           b.name + " " + std::to_string(right.nulls)
                                     : "its values differ (fingerprint: " + a.name + " " +
                                           left.fingerprint.to_string() + ", " + b.name + " " +
                                           right.fingerprint.to_string() + ")"));
  }
}

std::vector<std::string> compare(const Side& a, const Side& b) {
  std::vector<std::string> found;
  if (a.rows != b.rows) {
    found.push_back("rows: " + a.name + " " + std::to_string(a.rows) + ", " + b.name + " " +
                    std::to_string(b.rows));
  }
  compare_sums(a, b, found);
  compare_columns(a, b, found);
  return found;
}

}  // namespace

std::vector<std::string> differences(const Receipt& receipt, const RowsTotals& found,
                                     const std::string& what) {
  return compare({"the receipt", receipt.loaded_rows, sums_of(receipt), receipt.columns},
                 {what, found.rows, sums_of(found.decimals), found.columns});
}

std::vector<std::string> differences(const RowsTotals& delivered, const RowsTotals& lake) {
  return compare(
      {"the delivered files", delivered.rows, sums_of(delivered.decimals), delivered.columns},
      {"the lake", lake.rows, sums_of(lake.decimals), lake.columns});
}

}  // namespace finops
