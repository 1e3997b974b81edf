#pragma once

#include <string>
#include <utility>
#include <vector>

#include "finops/core/table_schema.h"

namespace finops {

/// A name that people and scripts see, and DuckDB's SQL over one row of a table of bills.
struct NamedExpression {
  std::string name, sql;
};

/// What a comparison asks of each line. A column that the table lacks is NULL, as it is in the rows
/// of a delivery that lacks it: AWS leaves out what a payer does not use.
struct LineExpressions {
  std::string currency;      // text, never NULL
  std::string cost, amount;  // decimal(38,18), never NULL
  /// By what the money is told: "type", "service", "account", "region", "day". Texts or NULL.
  std::vector<NamedExpression> dimensions;
  /// Together what a line is, whatever delivery it stands in: nothing in it changes when AWS
  /// calculates a bill anew, other than identity/LineItemId. Lines of one key are one group.
  std::vector<NamedExpression> key;
  /// Of tags: what they are read from, and from these columns alone a list of {key, value} with
  /// keys as in CUR 2.0 ("user_name"). Empty: no tags.
  std::vector<std::string> tag_columns;
  std::string tag_entries;
};

LineExpressions line_expressions(const TableSchema& schema, const std::string& cost_column,
                                 const std::string& currency_column);

}  // namespace finops
