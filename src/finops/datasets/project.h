#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "finops/config/setting.h"
#include "finops/core/decimal.h"
#include "finops/core/table_schema.h"

namespace finops::datasets {

/// SQL of a project's file and where its first character stands.
struct SqlText {
  std::string sql;
  Origin origin;
};

enum class LandingFormat { kCsv, kJsonLines, kParquet };

/// A column as it is delivered, and the type that silver gives it.
struct DatasetColumn {
  std::string name;
  ColumnType type = ColumnType::kText;  // kText, kDecimal, kTimestamp, kDate, kBoolean
  std::string description;
  /// Rows of older schema versions have no value, whatever is delivered.
  std::optional<int> since_version;
  Origin origin;
};

/// A column whose sum of bronze must be that of silver and quarantine, by currency.
struct MoneyColumn {
  std::string column;           // delivered, kDecimal
  std::string currency_column;  // of silver and delivered; empty: `currency` for all rows
  std::string currency;         // "USD"
  Origin origin;
};

/// A text column whose every value has data files of its own.
struct PartitionColumn {
  std::string name;
  Origin origin;
};

/// What lands, and how it is to be read: datasets/<name>.toml.
struct Dataset {
  std::string name, description;
  Origin origin;
  /// Below the landing folder: "usage_events_stream/*.jsonl"; '*' stands for any characters but
  /// '/'.
  std::string landing;
  Origin landing_origin;
  LandingFormat format = LandingFormat::kCsv;
  /// The rows of a landing file that is gone stay in bronze; without it they go too.
  bool keeps_deleted_files = false;
  std::vector<DatasetColumn> columns;  // as written
  std::vector<std::string> key;        // delivered columns, none boolean; may be empty
  std::string version_column;          // of the schema's version; empty: none
  std::vector<MoneyColumn> money;
  /// Columns of silver, delivered, joined or derived; none of them NULL or empty in a valid row.
  std::vector<PartitionColumn> partition_by;
};

enum class LetterCase { kAsIs, kLower, kUpper };

/// What becomes of a value that a rule does not allow, with the rule's code as flag or reason.
enum class Otherwise { kNull, kQuarantine };

struct Range {
  Decimal least, most;  // both allowed
  Otherwise otherwise = Otherwise::kNull;
};

/// How a delivered column is normalised, in this order: blanks (spaces and tabs) are trimmed, texts
/// of `null_texts` and empty ones are NULL, letter case, aliases, type, range, `default_value`;
/// then it is checked. Codes are "<column>_missing", "_unreadable", "_out_of_range", "_unknown",
/// "_malformed".
struct ColumnRule {
  std::string column;
  Origin origin;
  bool is_required = false;  // NULL and unreadable are reasons for quarantine
  LetterCase letter_case = LetterCase::kAsIs;
  std::vector<std::string> null_texts;
  std::map<std::string, std::string> aliases;
  std::optional<Range> range;  // of decimals
  std::optional<std::string> default_value;
  std::vector<std::string> one_of;  // NULL is none of them
  Otherwise one_of_otherwise = Otherwise::kQuarantine;
  std::optional<std::string> pattern;  // RE2, of the whole text; NULL passes
};

/// Columns of another dataset's silver rows. Of a key that is there twice the first row counts.
struct Join {
  std::string dataset;
  std::vector<std::pair<std::string, std::string>> on;       // own column, column there
  std::vector<std::pair<std::string, std::string>> columns;  // name here, column there
  std::string missing_flag;  // code of the flag of rows with a key and no match; empty: none
  Origin origin;
};

/// A column that is computed from those before it.
struct DerivedColumn {
  std::string column;
  ColumnType type = ColumnType::kText;
  std::string description;
  SqlText sql;
  Origin origin;
};

/// A rule over a whole row, by its normalised, joined and derived columns.
struct RowRule {
  enum class Action { kFlag, kQuarantine };
  std::string code;  // empty: only `set`
  SqlText when;      // NULL is no
  Action action = Action::kFlag;
  std::vector<std::pair<std::string, SqlText>> set;  // column, its new value where the rule holds
  Origin origin;
};

/// From bronze to silver: rules/<dataset>.toml. Without that file only types are given.
struct SilverRules {
  std::string dataset;
  Origin origin;
  std::vector<ColumnRule> columns;
  std::vector<Join> joins;
  std::vector<DerivedColumn> derived;
  std::vector<RowRule> rules;
  /// Silver's column with the currency of its money, instead of MoneyColumn::currency_column, where
  /// the rules change that one; empty: it is the same.
  std::string currency_column;
  /// A row whose key an earlier row of silver has is a duplicate_key.
  bool key_is_unique = true;
};

/// Scores of a model's rows by docs/anomaly.md.
struct AnomalyStep {
  std::string amount;                 // decimal column of the model's SQL
  std::vector<std::string> group_by;  // its columns; empty: one population
  Decimal z_threshold, mad_threshold, lower_percentile, upper_percentile;
  int min_rows = 10;
  bool is_tiny_mad = false;        // a MAD of zero counts as 0.000001
  std::set<std::string> deciding;  // "z_score", "mad", "percentile"
  int votes = 1;
  bool takes_refunds = false;
  Origin origin;
};

/// The columns that an anomaly step adds to those of its model's SQL, in this order; they need no
/// description in the model's file.
const std::vector<Column>& anomaly_columns();

struct ModelColumn {
  std::string name, description;
  Origin origin;
};

/// What must hold of a model's rows, or the run publishes nothing.
struct ModelTest {
  enum class Kind { kUnique, kNotNull, kRelation, kSumEquals, kNoRows };
  Kind kind = Kind::kUnique;
  std::vector<std::string> columns;       // kUnique, kNotNull; the one of kRelation, kSumEquals
  std::string other_table, other_column;  // "silver.usage_events"
  SqlText other_where;                    // kSumEquals: which rows of the other table count
  SqlText sql;                            // kNoRows: a query that must give none
  Origin origin;
};

/// How a report draws a model's rows; what is left out is chosen from the table's columns.
struct ModelPlot {
  enum class Kind { kAuto, kLine, kBar, kNone };
  Kind kind = Kind::kAuto;
  std::string x, y, series;  // columns; empty: chosen
  Origin origin;
};

/// A table of gold: models/<name>.sql with models/<name>.toml beside it.
struct Model {
  std::string name, description;
  Origin origin;
  SqlText sql;  // one SELECT over bronze.*, silver.*, gold.*
  std::vector<ModelColumn> columns;
  std::vector<ModelTest> tests;
  std::optional<AnomalyStep> anomaly;
  ModelPlot plot;
  /// Made anew by the values of these columns only where what it reads has changed; empty: whole.
  std::vector<std::string> incremental_by;
  std::vector<PartitionColumn> partition_by;  // none of them NULL or empty in a row
};

/// What a store serves, in a later release: collections/<name>.toml.
struct Collection {
  std::string name, description, model;
  std::vector<std::string> key;      // columns of the model that make a document's id
  std::vector<std::string> columns;  // empty: all
  Origin origin;
};

/// A project folder, checked as a whole, for one of its semantics.
struct Project {
  std::string folder, name, description;
  std::vector<std::string> all_semantics;  // the first is the default
  std::string semantics;
  std::vector<Dataset> datasets;   // in an order in which joins look back only
  std::vector<SilverRules> rules;  // one for each dataset, in the same order
  std::vector<Model> models;       // by name
  std::vector<Collection> collections;

  bool is_default_semantics() const { return semantics == all_semantics.front(); }
};

/// Reads project.toml, datasets/*.toml, rules/*.toml, models/*.sql and *.toml, collections/*.toml.
/// For a semantics X that is not the first, rules/X/<file> and models/X/<file> stand in for the
/// file of the same name where they are. An empty `semantics` is the first. Throws kInvalidConfig
/// with every mistake of all files, those of other semantics too, and its position; kUsage for a
/// folder that is no project or a semantics that it does not have. What is wrong within SQL is
/// found by check_sql().
Project read_project(const std::string& folder, const std::string& semantics);

/// Throws kUsage, naming the nearest, for a name that none of the project's datasets has.
void require_datasets(const Project& project, const std::vector<std::string>& names);

}  // namespace finops::datasets
