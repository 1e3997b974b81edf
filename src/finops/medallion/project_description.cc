#include "finops/medallion/project_description.h"

#include <algorithm>
#include <map>
#include <utility>

#include "finops/engines/sql_text.h"
#include "finops/medallion/bronze_load.h"
#include "finops/medallion/silver_build.h"
#include "finops/medallion/silver_sql.h"

namespace finops::medallion {
namespace {

using datasets::Dataset;
using datasets::Model;
using datasets::SilverRules;

class Describing {
 public:
  Describing(TransformEngine& engine, const datasets::Project& project)
      : engine_(engine), project_(project), names_(layer_names(project)) {}

  ProjectDescription run(const ModelInputs& inputs) {
    ProjectDescription all{project_.name, project_.description, project_.semantics, {}};
    for (const Dataset& dataset : project_.datasets) all.tables.push_back(bronze(dataset));
    for (std::size_t i = 0; i < project_.datasets.size(); ++i) {
      all.tables.push_back(silver(project_.datasets[i], project_.rules[i]));
    }
    for (const Model* model : ordered_models(project_, inputs)) {
      all.tables.push_back(gold(*model, inputs.at(model->name).sql));
    }
    return all;
  }

 private:
  DescribedTable bronze(const Dataset& dataset) const {
    DescribedTable table{.layer = "bronze", .name = dataset.name};
    table.table = bronze_table(project_.name, dataset.name).to_string();
    table.description = dataset.description;
    table.reads = {dataset.landing};
    for (const Column& column : declared_bronze_columns(dataset)) {
      table.columns.push_back({column.name, column.type, described(dataset, column)});
    }
    return table;
  }

  static std::string described(const Dataset& dataset, const Column& column) {
    const auto it = std::ranges::find(dataset.columns, column.name, &datasets::DatasetColumn::name);
    return it == dataset.columns.end() ? column.doc : it->description;
  }

  DescribedTable silver(const Dataset& dataset, const SilverRules& rules) {
    DescribedTable table{.layer = "silver", .name = dataset.name};
    table.table = names_.silver + "." + dataset.name;
    table.description = dataset.description;
    table.reads = {"bronze." + dataset.name};
    for (const auto& join : rules.joins) table.reads.push_back("silver." + join.dataset);
    const SilverSql sql(dataset, rules, silver_);
    silver_[dataset.name] = sql.columns();
    for (const Column& column : sql.columns()) {
      table.columns.push_back({column.name, column.type, described(dataset, rules, column)});
    }
    for (const auto& code : sql.reasons()) table.rules.push_back("quarantine: " + code);
    for (const auto& code : sql.flags()) table.rules.push_back("flag: " + code);
    return table;
  }

  static std::string described(const Dataset& dataset, const SilverRules& rules,
                               const Column& column) {
    const auto derived =
        std::ranges::find(rules.derived, column.name, &datasets::DerivedColumn::column);
    if (derived != rules.derived.end()) return derived->description;
    for (const auto& join : rules.joins) {
      for (const auto& [name, of] : join.columns) {
        if (name == column.name) return of + " of silver." + join.dataset;
      }
    }
    if (column.name == kFlags) return "codes of the rules that mark the row, as JSON";
    if (column.name == kSourceFile) return "landing file";
    if (column.name == kSourceLine) return "line in that file";
    if (column.name == kIngestionTime) return "when the file was loaded";
    return described(dataset, column);
  }

  DescribedTable gold(const Model& model, const std::set<std::string>& reads) {
    DescribedTable table{.layer = "gold", .name = model.name};
    table.table = names_.gold + "." + model.name;
    table.description = model.description;
    table.reads.assign(reads.begin(), reads.end());
    for (const Column& column : engine_.columns_of("FROM gold." + quoted_identifier(model.name))) {
      const auto it = std::ranges::find(model.columns, column.name, &datasets::ModelColumn::name);
      table.columns.push_back(
          {column.name, column.type,
           it == model.columns.end() ? described(column.name) : it->description});
    }
    table.tests = test_names(model);
    return table;
  }

  static std::string described(const std::string& anomaly_column) {
    const auto& more = datasets::anomaly_columns();
    const auto it = std::ranges::find(more, anomaly_column, &Column::name);
    return it == more.end() ? "" : it->doc;
  }

  TransformEngine& engine_;
  const datasets::Project& project_;
  const LayerNames names_;
  std::map<std::string, std::vector<Column>> silver_;
};

}  // namespace

ProjectDescription describe_project(TransformEngine& engine, const datasets::Project& project,
                                    const ModelInputs& inputs) {
  return Describing(engine, project).run(inputs);
}

}  // namespace finops::medallion
