#include "finops/medallion/gold_build.h"

#include <algorithm>
#include <utility>

#include "finops/config/nearest_name.h"
#include "finops/core/error.h"
#include "finops/engines/sql_text.h"
#include "finops/medallion/anomaly_sql.h"
#include "finops/medallion/query_results.h"

namespace finops::medallion {
namespace {

using datasets::Model;
using datasets::ModelTest;

std::string names_of(const std::vector<std::string>& columns) {
  std::string list;
  for (const auto& column : columns) list += (list.empty() ? "" : ", ") + column;
  return list;
}

std::string quoted_list(const std::vector<std::string>& columns) {
  std::string list;
  for (const auto& column : columns) list += (list.empty() ? "" : ", ") + quoted_identifier(column);
  return list;
}

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

void require_known(const std::string& table, const std::set<std::string>& known, const Model& model,
                   Mistakes& mistakes) {
  if (known.contains(table)) return;
  const auto near = nearest_name(table, {known.begin(), known.end()});
  mistakes.add(model.sql.origin, "the model reads " + table + ", which the project does not have" +
                                     (near ? "; did you mean " + *near + "?"
                                           : "; models read bronze.<dataset>, silver.<dataset>, "
                                             "silver.<dataset>_quarantine and gold.<model>"));
}

class ModelOrder {
 public:
  ModelOrder(const datasets::Project& project, const ModelInputs& inputs)
      : project_(project), inputs_(inputs) {}

  std::vector<const Model*> run() {
    for (const Model& model : project_.models) visit(model);
    return std::move(ordered_);
  }

 private:
  void visit(const Model& model) {
    if (std::ranges::find(ordered_, &model) != ordered_.end()) return;
    const auto begin = std::ranges::find(path_, &model);
    if (begin != path_.end()) fail({begin, path_.end()}, model);
    path_.push_back(&model);
    for (const Model& other : project_.models) {
      if (inputs_.at(model.name).contains("gold." + other.name)) visit(other);
    }
    path_.pop_back();
    ordered_.push_back(&model);
  }

  [[noreturn]] static void fail(const std::vector<const Model*>& circle, const Model& model) {
    std::string way;
    for (const Model* one : circle) way += one->name + " -> ";
    throw Error(ErrorKind::kInvalidConfig, model.sql.origin.to_string() +
                                               ": the models read each other in a circle: " + way +
                                               model.name);
  }

  const datasets::Project& project_;
  const ModelInputs& inputs_;
  std::vector<const Model*> path_, ordered_;
};

/// A test as people read it, and the number of what breaks it as a query.
struct Check {
  std::string name, count;
};

Check unique(const std::string& table, const ModelTest& test) {
  return {"unique(" + names_of(test.columns) + ")", "SELECT count(*) FROM (SELECT 1 FROM " + table +
                                                        " GROUP BY " + quoted_list(test.columns) +
                                                        " HAVING count(*) > 1)"};
}

Check not_null(const std::string& table, const ModelTest& test) {
  std::string any;
  for (const auto& column : test.columns) {
    any += (any.empty() ? "" : " OR ") + quoted_identifier(column) + " IS NULL";
  }
  return {"not_null(" + names_of(test.columns) + ")",
          "SELECT count(*) FROM " + table + " WHERE " + any};
}

Check relation(const std::string& table, const ModelTest& test) {
  const std::string column = quoted_identifier(test.columns.at(0));
  return {"relation(" + test.columns[0] + " -> " + test.other_table + "." + test.other_column + ")",
          "SELECT count(*) FROM " + table + " AS m WHERE m." + column +
              " IS NOT NULL AND NOT EXISTS (SELECT 1 FROM " + test.other_table + " AS o WHERE o." +
              quoted_identifier(test.other_column) + " = m." + column + ")"};
}

Check sum_equals(const std::string& table, const ModelTest& test) {
  const std::string where = test.other_where.empty() ? "" : " WHERE (" + test.other_where + "\n)";
  return {
      "sum_equals(" + test.columns.at(0) + " = " + test.other_table + "." + test.other_column + ")",
      "SELECT CASE WHEN (SELECT coalesce(sum(" + quoted_identifier(test.columns[0]) +
          "), 0) FROM " + table + ") = (SELECT coalesce(sum(" +
          quoted_identifier(test.other_column) + "), 0) FROM " + test.other_table + where +
          ") THEN 0 ELSE 1 END"};
}

Check check_of(const std::string& table, const ModelTest& test) {
  switch (test.kind) {
    case ModelTest::Kind::kUnique: return unique(table, test);
    case ModelTest::Kind::kNotNull: return not_null(table, test);
    case ModelTest::Kind::kRelation: return relation(table, test);
    case ModelTest::Kind::kSumEquals: return sum_equals(table, test);
    case ModelTest::Kind::kNoRows: break;
  }
  return {"no_rows", "SELECT count(*) FROM (" + test.sql.sql + "\n)"};
}

void run_tests(TransformEngine& engine, const Model& model, const std::stop_token& stop) {
  const std::string table = "gold." + quoted_identifier(model.name);
  std::string failures;
  for (const ModelTest& test : model.tests) {
    const Check check = check_of(table, test);
    const std::int64_t broken = number_of(engine, check.count, stop);
    if (broken == 0) continue;
    failures += "\n" + test.origin.to_string() + ": " + check.name + " does not hold: " +
                (test.kind == ModelTest::Kind::kSumEquals ? "the sums are not the same"
                                                          : std::to_string(broken) + " times not");
  }
  if (failures.empty()) return;
  throw Error(ErrorKind::kInvalidData,
              "tests of the model " + model.name + " fail, so nothing is published:" + failures);
}

}  // namespace

ModelInputs model_inputs(TransformEngine& engine, const datasets::Project& project) {
  const std::set<std::string> known = known_tables(project);
  Mistakes mistakes;
  ModelInputs inputs;
  for (const Model& model : project.models) {
    auto& tables = inputs[model.name];
    try {
      for (auto& table : engine.tables_of(model.sql.sql)) {
        require_known(table, known, model, mistakes);
        tables.insert(std::move(table));
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kUsage) throw;
      mistakes.add(model.sql.origin, error.what());
    }
  }
  mistakes.throw_if_any();
  return inputs;
}

std::vector<const Model*> ordered_models(const datasets::Project& project,
                                         const ModelInputs& inputs) {
  return ModelOrder(project, inputs).run();
}

std::vector<std::string> test_names(const Model& model) {
  std::vector<std::string> names;
  for (const ModelTest& test : model.tests) names.push_back(check_of("", test).name);
  return names;
}

ModelReport build_model(RunTables& tables, const LayerNames& names, const Model& model,
                        const std::stop_token& stop) {
  TransformEngine& engine = tables.engine();
  const lake::TableName table{names.gold, model.name};
  std::vector<Column> columns = engine.columns_of(model.sql.sql);
  std::string select = model.sql.sql;
  if (model.anomaly) {
    select = scored_query(engine, *model.anomaly, model.name, select, columns, stop);
    const auto& more = datasets::anomaly_columns();
    columns.insert(columns.end(), more.begin(), more.end());
  }
  ModelReport report{.model = model.name, .is_rebuilt = true};
  report.rows = tables.replace_rows(table, columns, select, stop);
  if (model.anomaly) forget_scores(engine);
  tables.show(table, "gold", model.name);
  run_tests(engine, model, stop);
  report.tests = test_names(model);
  return report;
}

}  // namespace finops::medallion
