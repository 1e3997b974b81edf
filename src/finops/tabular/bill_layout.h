#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/byte_stream.h"
#include "finops/core/decimal.h"
#include "finops/core/table_schema.h"

namespace finops {

// How a delivery is read. The fast reader and the simple one share no parsing code: what both must
// do alike stands here.
//
// Text. A part is CSV as it is, in gzip or in ZIP, JSON lines as they are or in gzip, or Parquet.
// Gzip: one member or several, each with its CRC-32 and length, zero bytes allowed after the last.
// ZIP: one file, stored or deflated, whose sizes and CRC-32 the central directory at the archive's
// end tells; nothing else in it. Anything else makes the part undecodable (kInvalidData), and so
// does packed text that is more than kMostExpansion times as long as the file and longer than
// kExpandedFreely. An object of zero bytes is an empty text. A byte order mark (EF BB BF) at the
// text's start is skipped. An empty text has no header and no rows; a text without a last line end
// is read as if a line feed followed.
//
// Parquet. Each row is read as the record of CSV that it would be; so the rules for cells and
// rejected rows hold, and `raw` of a rejected row is that record. Its line is the row's number in
// the file, from 1. Cells hold any number of bytes. As text:
//  - NULL and an empty text are NULL; byte arrays are their bytes; booleans true and false;
//  - integers and decimals are exact; a float or double is the shortest decimal text that gives it
//    back, so that NaN and infinities are no decimals;
//  - dates are YYYY-MM-DD, timestamps (INT96 too) YYYY-MM-DDTHH:MM:SS[.fraction]Z, as if of UTC;
//  - maps of one of these to one of these are JSON objects, in the file's order.
// A column of another type makes the part unreadable (kUnsupported).
//
// JSON lines. Each physical line, ended as a record is (a carriage return before the line feed
// belongs to the line end), is read as the record of CSV that it would be; so the rules for cells
// and rejected rows hold. `raw` of a rejected row is the line as delivered, and a row's line its
// physical line, from 1. Cells hold any number of bytes.
//  - A line of nothing but spaces, tabs and carriage returns is no row, wherever it stands.
//  - A line is a row when it is one JSON object as a cell of a map is (below), in well-formed
//    UTF-8. Any other is a faulty row: "not a JSON object: ..." is its only reason, and no cell of
//    it is readable, as after a fault of quoting.
//  - The header is the keys of the objects of all lines, in the order of their first appearance;
//    of faulty lines none. A file with more than kMostJsonColumns of them, or with more than
//    kMostJsonNames bytes in them, is given up (kInvalidData), and so is one that changes between
//    the reading of its keys and of its rows. Rows without any key are rows of NULLs.
//  - As text: null, a missing key and "" are NULL; strings are what they say, unescaped; numbers,
//    true, false, objects and arrays are their JSON text as it stands.
//
// Records. The header is the first record. A record is cells between commas, ended by a line feed;
// a carriage return directly before that line feed belongs to the line end, any other is data, as
// NUL is. A quote that is the first byte of a cell opens a quoted cell, in which commas, line feeds
// and carriage returns are data and two quotes are one; any other quote in a cell that did not
// begin with one is data. What may follow the closing quote: a comma, a line feed, a carriage
// return with a line feed. Two faults:
//  - something else follows a closing quote: the row goes on to the next line feed, whatever stands
//    between;
//  - a cell is not closed: more than `cell_limit` raw bytes (a doubled quote being two) follow its
//    opening quote before the closing one, or the text ends first: the row is the first physical
//    line of its record, to its first line feed, and reading goes on after that.
// Whoever has read kRecordLimit bytes of a record and not found its end gives the part up
// (kInvalidData); a header is given up after kHeaderLimit bytes, which is its `cell_limit` too, and
// when it has a fault, is not UTF-8 or names a column twice.
// A line with nothing in it is a record with one empty cell, so a row with a wrong field count
// where the header has several columns. One exception: when the last record of a part is empty in
// this way, and not the header, it is no row. Physical lines are counted by line feeds from 1,
// those inside quoted cells too.
//
// Cells. A quoted cell's value is what its quotes enclose; a value of no bytes is NULL, quoted or
// not.
//  - The header decides the number of cells of each row of its part.
//  - A cell that is not well-formed UTF-8 (Unicode 3.9, table 3-7) does not fit, whatever its type.
//  - kDecimal: as Decimal::parse.
//  - kTimestamp: see parse_timestamp in timestamp_text.h.
//  - kTextMap, kDecimalMap: one JSON object (RFC 8259, strictly; blanks around it allowed), no
//  value
//    within more than kJsonDepth objects and arrays, this one included. Keys and strings are
//    unescaped; an escaped lone surrogate or a key given twice does not fit. In a text map null is
//    NULL, a string its content (an empty one too), any other value its JSON text as it stands. In
//    a decimal map null and "" are NULL, numbers and strings are read as Decimal::parse (rounding
//    is not counted), any other value does not fit. Entries keep their order.
//
// Rejected rows. A wrong field count or a fault of quoting is the only reason of its row, and no
// cell of it is readable: currency "?", no decimals. Otherwise each cell that does not fit, of any
// column, is a reason, in the header's order, and the row's decimals that fit are readable. A
// decimal cell that does not fit counts as unreadable; a currency cell that is not UTF-8 makes the
// currency "?". A currency without any readable or unreadable decimal cell is absent from
// CurrencyTotals.
inline constexpr std::uint64_t kMostExpansion = 500;  // deflate reaches 1032, bills 5 to 100
inline constexpr std::uint64_t kExpandedFreely = 32 << 20;
inline constexpr std::size_t kHeaderLimit = 1 << 20;
inline constexpr std::size_t kRecordLimit = 16 << 20;
inline constexpr int kJsonDepth = 64;
inline constexpr std::size_t kMostJsonColumns = 10'000;
inline constexpr std::size_t kMostJsonNames = 1 << 20;

enum class BillFormat { kCsv, kCsvGzip, kCsvZip, kParquet, kJsonLines, kJsonLinesGzip };

inline bool is_json_lines(BillFormat format) {
  return format == BillFormat::kJsonLines || format == BillFormat::kJsonLinesGzip;
}

/// "csv", "csv.gz", "csv.zip", "parquet", "jsonl", "jsonl.gz"
std::string_view to_string(BillFormat format);

/// By the ending of a file's name, in whatever case (.ndjson is .jsonl); nothing when it does not
/// tell.
std::optional<BillFormat> format_of_name(std::string_view key);

/// Where a record stood that is read again on its own.
struct RecordOrigin {
  std::int64_t line = 1;  // of its first byte, or the row's number in a Parquet file
  BillFormat format = BillFormat::kCsvGzip;  // of that file: says how long a cell may be
};

/// One file of a delivery. The functions may be called several times.
struct BillPart {
  std::string key;  // as the manifest names it: becomes source_file
  std::function<std::unique_ptr<ByteReader>()> open;  // from its first byte to its last
  BillFormat format = BillFormat::kCsvGzip;
  /// Of Parquet: the same bytes for a reader that jumps. Cheap for a few of them at any time, and
  /// for all of them after what open() gave was read to its end.
  std::function<std::shared_ptr<const RandomAccessBytes>()> open_random;
  /// Of a part that is one record of a file, behind that file's header.
  std::optional<RecordOrigin> origin = std::nullopt;

  /// The longest quoted cell that it may have.
  std::size_t cell_limit(std::size_t of_text) const {
    const BillFormat delivered = origin ? origin->format : format;
    if (is_json_lines(delivered)) return 2 * kRecordLimit;  // a line of quotes, each doubled
    return delivered == BillFormat::kParquet ? kRecordLimit : of_text;
  }
};

/// A column as the head of a file has it.
struct HeaderColumn {
  std::string name;
  std::string told_type;  // Parquet's, as AWS's manifests would say it; empty in CSV
};

/// A delivered column on its way to a column of the lake.
struct BoundColumn {
  std::string source_name;  // as in the header, byte for byte
  Column column;            // with field ids
};

/// How rows become a Parquet file: delivered columns in this order, then the added ones
/// (source, billing_period, execution_id, source_file: text; source_line: long; ingestion_time:
/// timestamp), whose field ids `added` gives by name. A header may have the delivered columns in
/// any order and may miss some (NULL for all rows of that file); a header with a name that is not
/// bound is kInvalidData.
struct BillLayout {
  std::vector<BoundColumn> delivered;
  std::vector<Column> added;
  std::string source, billing_period, execution_id;  // constants of the added columns
  std::int64_t ingestion_time = 0;                   // another: microseconds since 1970 in UTC
  /// Name of the output column whose text is the row's currency; may be absent from `delivered`.
  std::string currency_column = "line_item_currency_code";
  /// Name of the output column whose absolute sum the quarantine threshold uses.
  std::string cost_column = "line_item_unblended_cost";
};

/// A row that does not fit, whole and once, with every reason.
struct RejectedRow {
  std::string file;                  // BillPart::key
  std::int64_t line = 0;             // physical line of its first byte; a CSV's header is line 1
  std::string currency;              // as CurrencyTotals
  std::vector<std::string> reasons;  // "lineItem/UsageAmount: not a decimal number: 'abc'"
  std::string raw;                   // the row's bytes without the line end
  /// By output column name: the decimals of the row that could be read, unscaled.
  std::map<std::string, Int128> decimals;
};

/// The header of a part, cell by cell, byte order mark removed. kInvalidData when the part is not
/// of its format, has no complete header within 1 MiB, names a column twice or is not UTF-8; an
/// empty file (zero bytes of text) has no columns. Of JSON lines the whole part is read.
std::vector<HeaderColumn> read_header(const BillPart& part);

}  // namespace finops
