#include "finops/medallion/gold_build.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "finops/config/nearest_name.h"
#include "finops/core/error.h"
#include "finops/engines/sql_text.h"
#include "finops/medallion/anomaly_sql.h"
#include "finops/medallion/query_results.h"
#include "finops/medallion/silver_sql.h"
#include "finops/medallion/sql_mistakes.h"

namespace finops::medallion {
namespace {

using datasets::Model;
using datasets::ModelTest;

std::set<std::string> known_tables(const datasets::Project& project) {
  std::set<std::string> names;
  for (const auto& dataset : project.datasets) {
    names.insert("bronze." + dataset.name);
    names.insert("silver." + dataset.name);
    names.insert("silver." + quarantine_name(dataset.name));
  }
  for (const auto& model : project.models) names.insert("gold." + model.name);
  return names;
}

std::string unknown_table(const std::string& table, const std::set<std::string>& known) {
  const auto near = nearest_name(table, {known.begin(), known.end()});
  return "the model reads " + table + ", which the project does not have" +
         (near ? "; did you mean " + *near + "?"
               : "; models read bronze.<dataset>, silver.<dataset>, silver.<dataset>_quarantine "
                 "and gold.<model>");
}

/// Reads names of tables out of SQL, mistakes included.
class InputReading {
 public:
  InputReading(TransformEngine& engine, const datasets::Project& project, Mistakes& mistakes)
      : engine_(engine), known_(known_tables(project)), mistakes_(mistakes) {}

  ModelReads read(const Model& model) {
    ModelReads reads;
    const auto place_of = [&](const std::string& message) {
      return place_in_sql(model.sql, message);
    };
    const bool is_sound = take(model.sql.sql, model.sql, place_of, reads.sql);
    reads.is_faulty = !is_sound;
    for (const ModelTest& test : model.tests) {
      const datasets::SqlText written{test.sql.sql,
                                      test.sql.sql.empty() ? test.origin : test.sql.origin};
      const auto place_of_test = [&](const std::string& message) {
        return place_in_test(test, message);
      };
      const std::string query = test_query(model, test).sql;
      if (!take(query, written, place_of_test, reads.tests)) reads.has_faulty_tests = true;
    }
    reads.tests.erase("gold." + model.name);
    return reads;
  }

 private:
  template <typename PlaceOf>
  bool take(const std::string& query, const datasets::SqlText& written, const PlaceOf& place_of,
            std::set<std::string>& tables) {
    bool is_sound = true;
    try {
      for (auto& table : engine_.tables_of(query)) {
        if (known_.contains(table)) {
          tables.insert(std::move(table));
          continue;
        }
        mistakes_.add(place_of_name(written, table), unknown_table(table, known_));
        is_sound = false;
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kUsage) throw;
      const std::string message = full_message(query).value_or(error.what());
      mistakes_.add(place_of(message), told(message));
      is_sound = false;
    }
    return is_sound;
  }

  /// The syntax tree's error has no place, that of preparing it has.
  std::optional<std::string> full_message(const std::string& sql) {
    try {
      engine_.columns_of(sql);
    } catch (const Error& error) {
      return error.what();
    }
    return std::nullopt;
  }

  TransformEngine& engine_;
  const std::set<std::string> known_;
  Mistakes& mistakes_;
};

class ModelOrder {
 public:
  ModelOrder(const datasets::Project& project, const ModelInputs& inputs, Mistakes& mistakes)
      : project_(project), inputs_(inputs), mistakes_(mistakes) {}

  std::vector<const Model*> run() {
    for (const Model& model : project_.models) visit(model);
    return std::move(ordered_);
  }

 private:
  void visit(const Model& model) {
    if (std::ranges::find(ordered_, &model) != ordered_.end()) return;
    const auto begin = std::ranges::find(path_, &model);
    if (begin != path_.end()) return tell({begin, path_.end()}, model);
    path_.push_back(&model);
    for (const Model& other : project_.models) {
      if (inputs_.at(model.name).has("gold." + other.name)) visit(other);
    }
    path_.pop_back();
    ordered_.push_back(&model);
  }

  void tell(const std::vector<const Model*>& circle, const Model& model) {
    std::string way;
    for (const Model* one : circle) way += one->name + " -> ";
    mistakes_.add(model.sql.origin,
                  "the models, with their tests, read each other in a circle: " + way + model.name);
  }

  const datasets::Project& project_;
  const ModelInputs& inputs_;
  Mistakes& mistakes_;
  std::vector<const Model*> path_, ordered_;
};

/// As the engine shows it.
std::string table_of(const Model& model) { return "gold." + quoted_identifier(model.name); }

constexpr const char* kCountBefore = "SELECT count(*) FROM (";
constexpr const char* kCountAfter = "\n)";

TestQuery unique(const std::string& table, const ModelTest& test) {
  return {"unique(" + sql_list(test.columns) + ")",
          "SELECT count(*) FROM (SELECT 1 FROM " + table + " GROUP BY " +
              quoted_identifiers(test.columns) + " HAVING count(*) > 1)"};
}

TestQuery not_null(const std::string& table, const ModelTest& test) {
  std::string any;
  for (const auto& column : test.columns) {
    any += (any.empty() ? "" : " OR ") + quoted_identifier(column) + " IS NULL";
  }
  return {"not_null(" + sql_list(test.columns) + ")",
          "SELECT count(*) FROM " + table + " WHERE " + any};
}

TestQuery relation(const std::string& table, const ModelTest& test) {
  const std::string column = quoted_identifier(test.columns.at(0));
  return {"relation(" + test.columns[0] + " -> " + test.other_table + "." + test.other_column + ")",
          "SELECT count(*) FROM " + table + " AS m WHERE m." + column +
              " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM " + test.other_table + " AS o WHERE o." +
              quoted_identifier(test.other_column) + " = m." + column + ")"};
}

std::string sum_of(const std::string& column, const std::string& table) {
  return "(SELECT coalesce(sum(" + quoted_identifier(column) + "), 0) FROM " + table;
}

/// The two sums of such a test. What people wrote stands at the end of the second.
std::string first_sum(const std::string& table, const ModelTest& test) {
  return sum_of(test.columns.at(0), table) + ")";
}
constexpr const char* kWhere = " WHERE (";
constexpr const char* kWhereEnd = "\n)";
std::string second_sum(const ModelTest& test) {
  const std::string& where = test.other_where.sql;
  return sum_of(test.other_column, test.other_table) +
         (where.empty() ? "" : kWhere + where + kWhereEnd) + ")";
}

TestQuery sum_equals(const std::string& table, const ModelTest& test) {
  return {
      "sum_equals(" + test.columns.at(0) + " = " + test.other_table + "." + test.other_column + ")",
      "SELECT CASE WHEN " + second_sum(test) + " = " + first_sum(table, test) +
          " THEN 0 ELSE 1 END"};
}

TestQuery query_of(const std::string& table, const ModelTest& test) {
  switch (test.kind) {
    case ModelTest::Kind::kUnique: return unique(table, test);
    case ModelTest::Kind::kNotNull: return not_null(table, test);
    case ModelTest::Kind::kRelation: return relation(table, test);
    case ModelTest::Kind::kSumEquals: return sum_equals(table, test);
    case ModelTest::Kind::kNoRows: break;
  }
  return {"no_rows", std::string(kCountBefore) + test.sql.sql + kCountAfter};
}

/// "12.5" of a number that SQL shows with all its decimals.
std::string shortest(std::string number) {
  if (number.find('.') == std::string::npos) return number;
  number.erase(number.find_last_not_of('0') + 1);
  if (number.ends_with('.')) number.pop_back();
  return number;
}

/// "amount is 8, silver.orders.amount is 11"
std::string sums_text(TransformEngine& engine, const std::string& table, const ModelTest& test,
                      const std::stop_token& stop) {
  std::string text;
  for_each_row(engine,
               "SELECT CAST(" + first_sum(table, test) + " AS VARCHAR), CAST(" + second_sum(test) +
                   " AS VARCHAR)",
               stop, [&](const ResultRow& row) {
                 text = "the sum of " + test.columns[0] + " is " + shortest(row[0].value_or("")) +
                        ", that of " + test.other_table + "." + test.other_column +
                        (test.other_where.sql.empty() ? "" : " where " + test.other_where.sql) +
                        " is " + shortest(row[1].value_or(""));
               });
  return text;
}

void run_tests(TransformEngine& engine, const Model& model, const std::stop_token& stop) {
  std::string failures;
  for (const ModelTest& test : model.tests) {
    const TestQuery check = test_query(model, test);
    const std::int64_t broken = number_of(engine, check.sql, stop);
    if (broken == 0) continue;
    failures +=
        "\n" + test.origin.to_string() + ": " + check.name + " does not hold: " +
        (test.kind == ModelTest::Kind::kSumEquals ? sums_text(engine, table_of(model), test, stop)
                                                  : std::to_string(broken) + " times not");
  }
  if (failures.empty()) return;
  throw Error(ErrorKind::kInvalidData,
              "tests of the model " + model.name + " fail, so nothing is published:" + failures);
}

constexpr const char* kParts = "finops_parts";

/// The rows of a model of which only some parts, by its column incremental_by, may be others.
class PartQuery {
 public:
  PartQuery(RunTables& tables, const LayerNames& names, const Model& model, std::stop_token stop)
      : tables_(tables),
        engine_(tables.engine()),
        names_(names),
        model_(model),
        stop_(std::move(stop)) {}

  std::string of(const InputChanges& changes, const std::vector<Column>& columns) {
    keep_parts(changes);
    const lake::TableName table{names_.gold, model_.name};
    tables_.show(table, "gold", "finops_before");
    const std::string list =
        sql_list(columns, [](const Column& column) { return quoted_identifier(column.name); });
    return "SELECT " + list + " FROM (SELECT * FROM (" + model_.sql.sql + "\n) WHERE " +
           part_filter() + ") AS m SEMI JOIN " + kParts + " AS p ON " + same_part("m") +
           " UNION ALL SELECT " + list + " FROM gold.finops_before AS m ANTI JOIN " + kParts +
           " AS p ON " + same_part("m");
  }

 private:
  void keep_parts(const InputChanges& changes) {
    std::string rows;
    for (const auto& [input, change] : changes) {
      const lake::TableName table{names_.silver, input.substr(input.find('.') + 1)};
      int part = 0;
      for (const auto* keys : {&change.old_keys, &change.new_keys}) {
        const std::string name = table.name + "_finops_" + std::to_string(++part);
        tables_.show_files(table, *keys, "silver", name);
        rows += (rows.empty() ? "" : " UNION ALL ") + std::string("SELECT ") +
                quoted_identifiers(model_.incremental_by) + " FROM silver." +
                quoted_identifier(name) + " WHERE " + kSourceFile + " IN (" +
                quoted_literals(change.files) + ")";
      }
    }
    engine_.keep(kParts, "SELECT DISTINCT * FROM (" + rows + ")", stop_);
  }

  std::string same_part(const std::string& rows) const {
    std::string on;
    for (const auto& name : model_.incremental_by) {
      const std::string column = quoted_identifier(name);
      on += (on.empty() ? "" : " AND ") + rows + "." + column + " IS NOT DISTINCT FROM p." + column;
    }
    return on;
  }

  /// Constants, because these go down to the files, past the GROUP BY of the model; a join does
  /// not.
  std::string part_filter() {
    constexpr std::size_t kMostValues = 1000;
    std::string filter = "true";
    for (const auto& name : model_.incremental_by) {
      const std::string column = quoted_identifier(name);
      std::size_t count = 0;
      std::string values, nulls;
      for_each_row(
          engine_,
          "SELECT DISTINCT typeof(" + column + "), CAST(" + column + " AS VARCHAR) FROM " + kParts,
          stop_, [&](const ResultRow& row) {
            if (!row[1]) nulls = " OR " + column + " IS NULL";
            if (!row[1] || ++count > kMostValues) return;
            values += (values.empty() ? "" : ", ") + std::string("CAST(") +
                      quoted_literal(*row[1]) + " AS " + row[0].value_or("VARCHAR") + ")";
          });
      if (count > kMostValues) continue;
      if (values.empty()) values = "NULL";
      filter += " AND (" + column + " IN (" + values + ")" + nulls + ")";
    }
    return filter;
  }

  RunTables& tables_;
  TransformEngine& engine_;
  const LayerNames& names_;
  const Model& model_;
  const std::stop_token stop_;
};

}  // namespace

ModelInputs model_inputs(TransformEngine& engine, const datasets::Project& project,
                         Mistakes& mistakes) {
  InputReading reading(engine, project, mistakes);
  ModelInputs inputs;
  for (const Model& model : project.models) inputs[model.name] = reading.read(model);
  return inputs;
}

std::vector<const Model*> ordered_models(const datasets::Project& project,
                                         const ModelInputs& inputs, Mistakes& mistakes) {
  return ModelOrder(project, inputs, mistakes).run();
}

std::vector<const Model*> ordered_models(const datasets::Project& project,
                                         const ModelInputs& inputs) {
  Mistakes mistakes;
  auto models = ordered_models(project, inputs, mistakes);
  mistakes.throw_if_any("the project");
  return models;
}

TestQuery test_query(const Model& model, const ModelTest& test) {
  return query_of(table_of(model), test);
}

Origin place_in_test(const ModelTest& test, const std::string& message) {
  if (test.kind == ModelTest::Kind::kNoRows) {
    return place_in_sql(embedded(kCountBefore, test.sql, kCountAfter), message);
  }
  if (test.other_where.sql.empty()) return test.origin;
  // The columns are known: only in what people wrote something can be missing.
  const std::string missing = missing_column(message);
  if (!missing.empty()) return place_of_name(test.other_where, missing);
  return place_in_sql(
      embedded("SELECT CASE WHEN " + sum_of(test.other_column, test.other_table) + kWhere,
               test.other_where, kWhereEnd),
      message);
}

std::vector<std::string> test_names(const Model& model) {
  std::vector<std::string> names;
  for (const ModelTest& test : model.tests) names.push_back(test_query(model, test).name);
  return names;
}

ModelReport build_model(RunTables& tables, const LayerNames& names, const Model& model,
                        const InputChanges* changes, const std::stop_token& stop) {
  TransformEngine& engine = tables.engine();
  const lake::TableName table{names.gold, model.name};
  std::vector<Column> columns = engine.columns_of(model.sql.sql);
  std::string select = model.sql.sql;
  if (model.anomaly) {
    select = scored_query(engine, *model.anomaly, model.name, select, columns, stop);
    const auto& more = datasets::anomaly_columns();
    columns.insert(columns.end(), more.begin(), more.end());
  }
  if (changes != nullptr) {
    select = PartQuery(tables, names, model, stop).of(*changes, columns);
  }
  tables.require_partitions(table, model.partition_by, model.origin, "the model");
  if (const auto retyped = tables.find_retyped(table, columns)) {
    throw retyped->error.within(place_of_column(model.sql, retyped->column).to_string());
  }
  ModelReport report{.model = model.name, .is_rebuilt = true};
  report.rows = tables.replace_rows(table, columns, select, stop, names_of(model.partition_by));
  if (model.anomaly) forget_scores(engine);
  engine.forget(kParts);
  tables.show(table, "gold", model.name);
  run_tests(engine, model, stop);
  report.tests = test_names(model);
  return report;
}

}  // namespace finops::medallion
