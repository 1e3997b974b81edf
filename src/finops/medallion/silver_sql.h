#pragma once

#include <map>
#include <string>
#include <vector>

#include "finops/core/table_schema.h"
#include "finops/datasets/project.h"

namespace finops::medallion {

/// The columns that finops gives bronze beside what was delivered.
inline constexpr const char* kSourceFile = "source_file";
inline constexpr const char* kSourceLine = "source_line";
inline constexpr const char* kIngestionTime = "ingestion_time";
inline constexpr const char* kUnreadable = "unreadable";  // why the record has no cells
inline constexpr const char* kRaw = "raw";                // its bytes then
/// Those of silver and of quarantine: JSON lists of codes, sorted.
inline constexpr const char* kFlags = "flags";
inline constexpr const char* kReasons = "reasons";

/// The rules of a dataset as SQL, by the order that datasets/project.h gives them. `from` is always
/// a table with the columns of bronze. What comes out depends on no order of rows.
class SilverSql {
 public:
  /// `others` are the silver columns of the datasets that it joins.
  SilverSql(const datasets::Dataset& dataset, const datasets::SilverRules& rules,
            const std::map<std::string, std::vector<Column>>& others);

  /// Of silver: delivered, joined, derived, then finops' own. Without field ids.
  const std::vector<Column>& columns() const { return columns_; }

  /// All rows with the normalised values of the delivered columns, and nothing else of the rules.
  /// `also` is a column of `from` that comes along.
  std::string normalised(const std::string& from, const std::string& also = "") const;

  /// Whether a later row of a key that a valid row has is a duplicate.
  bool has_unique_key() const;
  /// The key's columns of normalised(): "\"a\", \"b\"", or "x.\"a\", x.\"b\"" with a prefix.
  std::string key_list(const std::string& prefix = "") const;
  /// "l.\"a\" = r.\"a\" AND l.\"b\" = r.\"b\""
  std::string same_key(const std::string& left, const std::string& right) const;
  std::string has_key() const;  // "\"a\" IS NOT NULL AND …"
  std::vector<Column> key_columns() const;

  /// Every row with the columns of silver and `reasons`, without that of duplicates.
  std::string judged(const std::string& from) const;
  /// Places of rows of the table `judged` whose key an earlier valid row has; `first_rows` is a
  /// table of the key's columns, first_file and first_line.
  std::string later_rows(const std::string& judged, const std::string& first_rows) const;
  /// The rows of the table `judged`, those of the table `later_rows` with a reason more.
  static std::string with_duplicates(const std::string& judged, const std::string& later_rows);

  /// The SQL that people wrote, each text in a query that can be prepared when the derived columns
  /// before it can.
  struct Piece {
    const datasets::SqlText* text;
    std::string what;      // "derived column year_month"
    std::string select;    // cast to its column's type
    std::string as_it_is;  // of decimals: without the cast, which would hide floating point
    bool is_derived = false;
    std::size_t derived_columns = 0;  // that it sees
  };
  std::vector<Piece> pieces(const std::string& from) const;
  const std::vector<datasets::DerivedColumn>& derived_columns() const { return rules_.derived; }

  /// All codes, sorted.
  std::vector<std::string> flags() const;
  std::vector<std::string> reasons() const;

 private:
  struct Code {
    std::string code, condition;
  };
  static std::vector<std::string> names_of(const std::vector<Code>& codes);

  const datasets::ColumnRule& rule_of(const std::string& column) const;
  bool is_required(const datasets::DatasetColumn& column) const;
  std::string delivered_text(const datasets::DatasetColumn& column) const;
  void add_column_codes(const datasets::DatasetColumn& column);
  void add_codes();
  std::string joined(const std::string& from) const;
  std::string derived(const std::string& from, std::size_t count) const;
  std::string with_rules(const std::string& from) const;
  std::string final_value(const Column& column) const;

  const datasets::Dataset& dataset_;
  const datasets::SilverRules& rules_;
  std::vector<Column> columns_;
  std::vector<Code> flags_, reasons_;
};

}  // namespace finops::medallion
