#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "finops/core/decimal.h"
#include "finops/core/fingerprint.h"

namespace finops {

/// What a set of rows adds up to. Three readers make one each, without sharing parsing code: the
/// fast reader (while it converts), the Parquet read-back, and the simple reader of `receipt
/// verify`.

/// One decimal column within one currency.
struct DecimalTotals {
  ExactSum sum;                        // of the values as rounded to 18 decimals
  std::uint64_t unreadable_cells = 0;  // text that is no decimal(38,18)
  std::uint64_t rounded_cells = 0;
  ExactSum rounding_residual;  // exact text value minus rounded value
};

/// Keyed by the output column's name. Columns without any readable or unreadable cell are absent.
using ColumnDecimals = std::map<std::string, DecimalTotals>;

/// Keyed by line_item_currency_code; "" when it is empty or there is no such column, "?" when the
/// row's cells cannot be told apart (wrong field count, broken quoting) or the currency is
/// unreadable.
using CurrencyTotals = std::map<std::string, ColumnDecimals>;

/// NULLs and values of one column over the rows that are in the lake.
struct ColumnContent {
  std::uint64_t nulls = 0;
  Fingerprint fingerprint;
  bool operator==(const ColumnContent&) const = default;
};

/// Rows that are in the lake, or would be: money by currency, content by column.
struct RowsTotals {
  std::uint64_t rows = 0;
  CurrencyTotals decimals;
  std::map<std::string, ColumnContent> columns;  // every output column
};

}  // namespace finops
