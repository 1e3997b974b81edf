#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "finops/core/decimal.h"
#include "finops/datasets/project.h"
#include "finops/engines/transform_engine.h"

namespace finops::medallion {

using MoneyByCurrency = std::map<std::string, Decimal>;

/// The SQL of the currency of a row's money: never NULL. `column` is empty where the dataset names
/// one currency for all rows.
std::string currency_sql(const datasets::MoneyColumn& money, const std::string& column);

/// The sums of a money column over a table of SQL, by the currency in `currency_column`.
MoneyByCurrency money_sums(TransformEngine& engine, const std::string& from,
                           const datasets::MoneyColumn& money, const std::string& currency_column,
                           const std::stop_token& stop);

}  // namespace finops::medallion
