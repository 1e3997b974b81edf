#include "finops/medallion/sql_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "finops/core/error.h"
#include "finops/datasets/column_names.h"
#include "finops/engines/sql_text.h"
#include "finops/medallion/bronze_load.h"
#include "finops/medallion/query_results.h"
#include "finops/medallion/silver_build.h"
#include "finops/medallion/silver_sql.h"
#include "finops/medallion/sql_mistakes.h"

namespace finops::medallion {
namespace {

using datasets::SqlText;

lake::TableView empty_table(std::vector<Column> columns) {
  lake::TableView table;
  table.schema.columns = std::move(columns);
  return table;
}

class SqlCheck {
 public:
  SqlCheck(TransformEngine& engine, const datasets::Project& project, Mistakes& mistakes)
      : engine_(engine), project_(project), mistakes_(mistakes) {}

  ModelInputs run() {
    for (std::size_t i = 0; i < project_.datasets.size(); ++i) {
      check(project_.datasets[i], project_.rules[i]);
    }
    ModelInputs inputs = model_inputs(engine_, project_, mistakes_);
    for (const datasets::Model* model : ordered_models(project_, inputs, mistakes_)) {
      const ModelReads& reads = inputs.at(model->name);
      if (reads.is_faulty || !are_sound(reads.sql) || !check(*model)) continue;
      sound_.insert("gold." + model->name);
      if (!reads.has_faulty_tests && are_sound(reads.tests)) check_tests(*model);
    }
    return inputs;
  }

 private:
  void show(const std::string& schema, const std::string& name, std::vector<Column> columns) {
    engine_.show(schema, name, empty_table(std::move(columns)));
  }

  void check(const datasets::Dataset& dataset, const datasets::SilverRules& rules) {
    const auto bronze = declared_bronze_columns(dataset);
    show("bronze", dataset.name, bronze);
    const SilverSql sql(dataset, rules, silver_);
    const std::string from = "bronze." + quoted_identifier(dataset.name);
    const bool has_patterns = check_patterns(rules);
    const bool is_sound = check(dataset, sql, from) && has_patterns;
    check_partitions(dataset, sql.columns());
    silver_[dataset.name] = sql.columns();
    show("silver", dataset.name, sql.columns());
    show("silver", quarantine_name(dataset.name), quarantine_columns(bronze));
    if (is_sound) engine_.columns_of(sql.judged(from));
  }

  /// A faulty derived column leaves open what comes after it.
  bool check(const datasets::Dataset& dataset, const SilverSql& sql, const std::string& from) {
    bool is_sound = true;
    for (const SilverSql::Piece& piece : sql.pieces(from)) {
      if (prepares(dataset, sql, piece)) continue;
      is_sound = false;
      if (piece.is_derived) return false;
    }
    return is_sound;
  }

  bool prepares(const datasets::Dataset& dataset, const SilverSql& sql,
                const SilverSql::Piece& piece) {
    try {
      engine_.columns_of(piece.select);
      if (!piece.as_it_is.empty()) engine_.columns_of(piece.as_it_is);
    } catch (const Error& error) {
      if (!is_of_sql(error)) throw;
      tell(piece, error.what(), columns_before(sql, piece));
      return false;
    }
    const auto tables = engine_.tables_of(embedded("SELECT (", *piece.text, "\n)").sql);
    if (tables.empty()) return true;
    mistakes_.add(place_of_name(*piece.text, tables.front()),
                  piece.what + " reads " + tables.front() + ", but sees the row of " +
                      dataset.name + " only; write a [[join]]");
    return false;
  }

  /// Names that its SQL may have.
  static std::vector<std::string> columns_before(const SilverSql& sql,
                                                 const SilverSql::Piece& piece) {
    std::vector<std::string> names;
    const auto& derived = sql.derived_columns();
    for (const Column& column : sql.columns()) {
      const auto at = std::ranges::find(derived, column.name, &datasets::DerivedColumn::column);
      const auto place = static_cast<std::size_t>(at - derived.begin());
      const bool is_later = at != derived.end() && place >= piece.derived_columns;
      if (!is_later && column.name != kFlags) names.push_back(column.name);
    }
    return names;
  }

  void tell(const SilverSql::Piece& piece, const std::string& message,
            const std::vector<std::string>& columns) {
    const std::string missing = missing_column(message);
    if (!missing.empty()) {
      mistakes_.add(place_of_name(*piece.text, missing),
                    piece.what + ": there is no column '" + missing + "'" +
                        datasets::advice(missing, columns, "columns"));
      return;
    }
    Origin origin = piece.text->origin;
    if (message.starts_with("Parser Error")) origin = place_of_syntax_error(*piece.text);
    mistakes_.add(origin, piece.what + ": " + told(message));
  }

  /// By the expression alone: the whole query has all the others in it too.
  Origin place_of_syntax_error(const SqlText& text) {
    const SqlText alone = embedded("SELECT (", text, "\n)");
    try {
      engine_.columns_of(alone.sql);
    } catch (const Error& error) {
      const Origin origin = place_in_sql(alone, error.what());
      const auto lines = std::ranges::count(text.sql, '\n');
      // At the end something is missing, which is told of what finops has put there.
      if (origin.line <= text.origin.line + static_cast<unsigned>(lines)) return origin;
    }
    return text.origin;
  }

  bool check_patterns(const datasets::SilverRules& rules) {
    bool is_sound = true;
    for (const auto& rule : rules.columns) {
      if (!rule.pattern) continue;
      try {
        number_of(
            engine_,
            "SELECT CAST(regexp_full_match('', " + quoted_literal(*rule.pattern) + ") AS BIGINT)",
            {});
      } catch (const Error& error) {
        if (!is_of_sql(error)) throw;
        mistakes_.add(rule.origin, "the 'pattern' of '" + rule.column +
                                       "' is no regular expression of RE2: " + told(error.what()));
        is_sound = false;
      }
    }
    return is_sound;
  }

  /// A model that reads a faulty one, or is in a circle, cannot be looked at.
  bool are_sound(const std::set<std::string>& tables) const {
    return std::ranges::all_of(tables, [&](const std::string& table) {
      return !table.starts_with("gold.") || sound_.contains(table);
    });
  }

  void check_tests(const datasets::Model& model) {
    for (const auto& test : model.tests) {
      const bool has_columns = std::ranges::all_of(
          test.columns, [&](const std::string& column) { return has_column(model, column); });
      if (!has_columns) continue;  // told already
      const TestQuery query = test_query(model, test);
      try {
        engine_.columns_of(query.sql);
      } catch (const Error& error) {
        if (!is_of_sql(error)) throw;
        mistakes_.add(place_in_test(test, error.what()), query.name + ": " + told(error.what()));
      }
    }
  }

  bool has_column(const datasets::Model& model, const std::string& name) {
    const auto columns = engine_.columns_of("FROM gold." + quoted_identifier(model.name));
    return std::ranges::find(columns, name, &Column::name) != columns.end();
  }

  static bool is_of_sql(const Error& error) {
    return error.kind() == ErrorKind::kUsage || error.kind() == ErrorKind::kUnsupported ||
           error.kind() == ErrorKind::kInvalidData;
  }

  /// False when its columns cannot be told.
  bool check(const datasets::Model& model) {
    std::vector<Column> columns;
    try {
      columns = engine_.columns_of(model.sql.sql);
    } catch (const Error& error) {
      if (!is_of_sql(error)) throw;
      const std::string refused = refused_column(error.what());
      mistakes_.add(refused.empty() ? place_in_sql(model.sql, error.what())
                                    : place_of_column(model.sql, refused),
                    told(error.what()));
      return false;
    }
    if (model.anomaly) check(*model.anomaly, columns);
    if (model.anomaly) {
      const auto& more = datasets::anomaly_columns();
      columns.insert(columns.end(), more.begin(), more.end());
    }
    check_names(model, columns);
    check_partitions(model, columns);
    show("gold", model.name, std::move(columns));
    return true;
  }

  void check(const datasets::AnomalyStep& step, const std::vector<Column>& columns) {
    const auto find = [&](const std::string& name) {
      return std::ranges::find(columns, name, &Column::name);
    };
    const auto amount = find(step.amount);
    if (amount == columns.end() || amount->type != ColumnType::kDecimal) {
      mistakes_.add(step.origin,
                    "amount = '" + step.amount + "' is no decimal column of the model's SQL");
    }
    for (const auto& name : step.group_by) {
      if (find(name) != columns.end()) continue;
      mistakes_.add(step.origin, "group_by names '" + name +
                                     "', which the model's SQL does not give" +
                                     datasets::advice(name, names_of(columns), "columns"));
    }
    for (const Column& more : datasets::anomaly_columns()) {
      if (find(more.name) == columns.end()) continue;
      mistakes_.add(step.origin, "the model's SQL gives a column '" + more.name +
                                     "', which the anomaly step adds; name it otherwise");
    }
  }

  void check_names(const datasets::Model& model, const std::vector<Column>& columns) {
    std::set<std::string> names;
    for (const Column& column : columns) {
      if (names.insert(column.name).second) continue;
      mistakes_.add(model.sql.origin, "the SQL gives the column '" + column.name + "' twice");
    }
    for (const auto& documented : model.columns) {
      if (names.contains(documented.name)) continue;
      mistakes_.add(documented.origin, no_column(documented.name, columns));
    }
    for (const auto& test : model.tests) {
      for (const auto& column : test.columns) {
        if (names.contains(column)) continue;
        mistakes_.add(test.origin, no_column(column, columns));
      }
    }
  }

  /// Of columns of other datasets only: all others are known without SQL.
  void check_partitions(const datasets::Dataset& dataset, const std::vector<Column>& columns) {
    for (const auto& partition : dataset.partition_by) {
      if (std::ranges::find(columns, partition.name, &Column::name)->type == ColumnType::kText) {
        continue;
      }
      mistakes_.add(partition.origin, "'partition_by' names the joined column '" + partition.name +
                                          "', which is no text; derive one from it");
    }
  }

  void check_partitions(const datasets::Model& model, const std::vector<Column>& columns) {
    for (const auto& partition : model.partition_by) {
      const auto column = std::ranges::find(columns, partition.name, &Column::name);
      if (column == columns.end()) {
        mistakes_.add(partition.origin, no_column(partition.name, columns));
      } else if (column->type != ColumnType::kText) {
        mistakes_.add(partition.origin,
                      "'partition_by' names '" + partition.name +
                          "', which is no text; write finops_month_text(), or CAST it to VARCHAR");
      }
    }
  }

  static std::vector<std::string> names_of(const std::vector<Column>& columns) {
    std::vector<std::string> names;
    for (const Column& column : columns) names.push_back(column.name);
    return names;
  }

  static std::string no_column(const std::string& name, const std::vector<Column>& columns) {
    return "'" + name + "' is no column of the model's SQL" +
           datasets::advice(name, names_of(columns), "columns");
  }

  TransformEngine& engine_;
  const datasets::Project& project_;
  Mistakes& mistakes_;
  std::set<std::string> sound_;  // "gold.daily_sales"
  std::map<std::string, std::vector<Column>> silver_;
};

}  // namespace

ModelInputs check_sql(TransformEngine& engine, const datasets::Project& project) {
  Mistakes mistakes;
  ModelInputs inputs = check_sql(engine, project, mistakes);
  mistakes.throw_if_any("the project");
  return inputs;
}

ModelInputs check_sql(TransformEngine& engine, const datasets::Project& project,
                      Mistakes& mistakes) {
  return SqlCheck(engine, project, mistakes).run();
}

}  // namespace finops::medallion
