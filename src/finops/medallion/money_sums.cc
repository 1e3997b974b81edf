#include "finops/medallion/money_sums.h"

#include "finops/engines/sql_text.h"
#include "finops/medallion/query_results.h"

namespace finops::medallion {

std::string currency_sql(const datasets::MoneyColumn& money, const std::string& column) {
  return column.empty() ? quoted_literal(money.currency)
                        : "coalesce(" + quoted_identifier(column) + ", '')";
}

MoneyByCurrency money_sums(TransformEngine& engine, const std::string& from,
                           const datasets::MoneyColumn& money, const std::string& currency_column,
                           const std::stop_token& stop) {
  MoneyByCurrency sums;
  for_each_row(engine,
               "SELECT " + currency_sql(money, currency_column) + ", sum(" +
                   quoted_identifier(money.column) + ") FROM " + from + " GROUP BY 1",
               stop, [&](const ResultRow& row) {
                 if (row[1]) sums[row[0].value_or("")] = decimal_of(*row[1]);
               });
  return sums;
}

}  // namespace finops::medallion
