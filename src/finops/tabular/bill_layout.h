#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "finops/core/byte_stream.h"
#include "finops/core/decimal.h"
#include "finops/core/table_schema.h"

namespace finops {

/// One file of a delivery: csv.gz with a header line. `open` may be called several times.
struct BillPart {
  std::string key;  // as the manifest names it: becomes source_file
  std::function<std::unique_ptr<ByteReader>()> open;
};

/// A delivered column on its way to a column of the lake.
struct BoundColumn {
  std::string source_name;  // as in the header, byte for byte
  Column column;            // with field ids
};

/// How rows become a Parquet file: delivered columns in this order, then the added ones
/// (source, billing_period, execution_id, source_file: text; source_line: long), whose field ids
/// `added` gives by name. A header may have the delivered columns in any order and may miss some
/// (NULL for all rows of that file); a header with a name that is not bound is kInvalidData.
struct BillLayout {
  std::vector<BoundColumn> delivered;
  std::vector<Column> added;
  std::string source, billing_period, execution_id;  // constants of the added columns
  /// Name of the output column whose text is the row's currency; may be absent from `delivered`.
  std::string currency_column = "line_item_currency_code";
  /// Name of the output column whose absolute sum the quarantine threshold uses.
  std::string cost_column = "line_item_unblended_cost";
};

/// A row that does not fit, whole and once, with every reason.
struct RejectedRow {
  std::string file;  // BillPart::key
  std::int64_t line = 0;  // physical line of its first byte; the header is line 1
  std::string currency;   // as CurrencyTotals
  std::vector<std::string> reasons;  // "lineItem/UsageAmount: not a decimal number: 'abc'"
  std::string raw;                   // the row's bytes without the line end
  /// By output column name: the decimals of the row that could be read, unscaled.
  std::map<std::string, Int128> decimals;
};

/// The header of a part, cell by cell, byte order mark removed. kInvalidData when the part is not
/// gzip, has no complete header within 1 MiB, names a column twice or is not UTF-8; an empty file
/// (zero bytes of text) has no columns.
std::vector<std::string> read_header(const BillPart& part);

}  // namespace finops
