#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace finops {

/// A column of a table of a warehouse. Types by their names in BigQuery's API: STRING, BYTES,
/// INTEGER, FLOAT, NUMERIC, BIGNUMERIC, BOOLEAN, TIMESTAMP, DATE, TIME, DATETIME, JSON, RECORD.
struct RowColumn {
  std::string name, type;
  bool is_repeated = false;
  std::vector<RowColumn> parts;  // of a RECORD
  friend bool operator==(const RowColumn&, const RowColumn&) = default;
};

/// Changes rows on their way from one table to another of the same columns. Rows come in batches of
/// any size and order, so what becomes of a row must not depend on others. One thread at a time.
class RowTransform {
 public:
  virtual ~RowTransform() = default;

  /// For people: "the SQL of 'clean.sql'".
  virtual std::string name() const = 0;
  /// Differs where rows may come out otherwise than they did.
  virtual std::string version() const = 0;
  /// Rows may be left out or added; otherwise as many come out as went in.
  virtual bool may_change_rows() const = 0;

  /// Before the first batch: kInvalidConfig unless the same columns come out.
  virtual void begin(const std::vector<RowColumn>& columns) = 0;
  /// Appends what becomes of the rows `lines` (newline-delimited JSON that has every column, NULL
  /// as null) to `out`, in the same form. Returns their number.
  virtual std::uint64_t apply(std::string_view lines, std::string& out) = 0;
};

}  // namespace finops
