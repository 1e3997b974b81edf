#include "finops/medallion/quarantine_moves.h"

#include <set>

#include "finops/engines/sql_text.h"
#include "finops/medallion/money_sums.h"
#include "finops/medallion/query_results.h"

namespace finops::medallion {
namespace {

constexpr const char* kMoved = "finops_moved";

/// The delivered cells of a row as one value. Each text has its length before it, so that two rows
/// with other cells never give one text.
std::string cells_sql(const std::vector<Column>& columns) {
  static const std::set<std::string> own = {kSourceFile, kSourceLine, kIngestionTime, kReasons};
  std::string texts = "''";
  for (const Column& column : columns) {
    if (own.contains(column.name)) continue;
    const std::string text = "CAST(" + quoted_identifier(column.name) + " AS VARCHAR)";
    texts += " || coalesce(strlen(" + text + ") || ':' || " + text + ", '-')";
  }
  return "sha256(" + texts + ")";
}

/// The places of rows that are in one table and not in the other; of several rows that are the same
/// the later ones.
std::string moved_sql(const std::vector<Column>& columns, const std::string& before,
                      const std::string& now) {
  const std::string place = std::string(kSourceFile) + ", " + kSourceLine + ", " + kReasons;
  const std::string rows = "SELECT " + place + ", " + cells_sql(columns) + " AS cells, ";
  const std::string same = "PARTITION BY " + std::string(kSourceFile) + ", cells";
  return "SELECT " + place + ", is_new FROM (SELECT *, row_number() OVER (" + same +
         ", is_new ORDER BY " + kSourceLine + ") AS number, count(*) FILTER (WHERE is_new) OVER (" +
         same + ") AS rows_now, count(*) FILTER (WHERE NOT is_new) OVER (" + same +
         ") AS rows_before FROM (" + rows + "true AS is_new FROM " + now + " UNION ALL " + rows +
         "false AS is_new FROM " + before +
         ")) WHERE number > CASE WHEN is_new THEN rows_before ELSE rows_now END";
}

}  // namespace

QuarantineDifference quarantine_difference(TransformEngine& engine,
                                           const datasets::Dataset& dataset, const SilverSql& sql,
                                           const std::vector<Column>& columns,
                                           const std::string& before, const std::string& now,
                                           const std::stop_token& stop) {
  QuarantineDifference difference;
  engine.keep(kMoved, moved_sql(columns, before, now), stop);
  for_each_row(engine,
               "SELECT is_new, CASE WHEN is_new THEN " + std::string(kSourceFile) +
                   " END, CASE WHEN is_new THEN " + kReasons + " END, count(*) FROM " + kMoved +
                   " GROUP BY ALL ORDER BY ALL",
               stop, [&](const ResultRow& row) {
                 const std::int64_t rows = std::stoll(row[3].value_or("0"));
                 if (!row[1]) {
                   difference.left += rows;
                 } else {
                   difference.came.push_back({*row[1], codes_of(row[2].value_or("")), rows});
                 }
               });
  if (difference.left > 0) {
    const std::string left = "(SELECT b.* FROM " + before + " AS b SEMI JOIN (FROM " + kMoved +
                             " WHERE NOT is_new) AS m USING (" + kSourceFile + ", " + kSourceLine +
                             "))";
    for (const auto& money : dataset.money) {
      const auto sums =
          money_sums(engine, "(" + sql.normalised(left) + ")", money, money.currency_column, stop);
      for (const auto& [currency, amount] : sums) {
        difference.left_money[money.column][currency].add(amount.unscaled());
      }
    }
  }
  engine.forget(kMoved);
  return difference;
}

}  // namespace finops::medallion
