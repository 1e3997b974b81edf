#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "finops/warehouses/bigquery/bigquery_client.h"

namespace finops::bigquery {

/// A column, or a part of a record, as its cells are read and written.
struct RowField {
  /// What a cell's text is, and what becomes of it in a line.
  enum class Form {
    kText,       // any text
    kBoolean,    // "true": stands as it is
    kFloat,      // "1.0E-7", "NaN": a number where JSON has it
    kTimestamp,  // microseconds since 1970: UTC as text
    kJson,       // JSON: stands as it is
    kRecord,
  };
  std::string key;  // "\"name\":"
  std::string name;
  Form form = Form::kText;
  bool is_repeated = false;
  std::vector<RowField> parts;  // of a record
};

/// Throws kUnsupported for types whose values are not written as text that a load takes.
std::vector<RowField> row_fields(const Json& fields);

/// What a page of a result says beside its rows.
struct RowPage {
  std::string next;  // its token; empty: this is the last page
  std::uint64_t rows = 0, total_rows = 0;
  bool is_complete = true;  // false: the job is not done yet
};

/// Whether columns without a value stand in a line.
enum class Nulls { kLeftOut, kWritten };

/// Appends the rows of an answer of tabledata.list or jobs.getQueryResults, which was asked for
/// with useInt64Timestamp, to `lines` as newline-delimited JSON, without reading it into a tree.
/// Columns without a value are left out. Throws kInvalidData for an answer that is not of that
/// form; `lines` is as it was then.
RowPage append_lines(std::string_view answer, const std::vector<RowField>& fields, Nulls nulls,
                     std::string& lines);

}  // namespace finops::bigquery
