#include "finops/report/exact_sums.h"

#include "finops/core/decimal.h"
#include "finops/core/error.h"

namespace finops::report {

std::string sum_sql(const std::string& amount, const std::string& name) {
  return "sum(trunc(" + amount + ")) AS " + name + "_whole, sum(" + amount + " - trunc(" + amount +
         ")) AS " + name + "_rest";
}

std::string size_order_sql(const std::string& name) {
  // The same sum with a rest from 0 to below 1; below zero the rest goes the other way.
  const std::string rest = name + "_rest";
  const std::string whole = "(" + name + "_whole + floor(" + rest + "))";
  const std::string part = "(" + rest + " - floor(" + rest + "))";
  const std::string is_straight = "CASE WHEN " + whole + " >= 0 OR " + part + " = 0 THEN ";
  return is_straight + "abs(" + whole + ") ELSE -" + whole + " - 1 END DESC, " + is_straight +
         part + " ELSE 1 - " + part + " END DESC";
}

std::string sum_text(const ResultRow& row, std::size_t at) {
  ExactSum sum;
  for (const std::size_t column : {at, at + 1}) {
    const auto part = ExactSum::parse(row.at(column).value_or("0"));
    if (!part) throw Error(ErrorKind::kInternal, "the engine gave a sum that is no number");
    sum.add(*part);
  }
  return sum.to_string();
}

}  // namespace finops::report
