#include "finops/medallion/table_states.h"

#include <nlohmann/json.hpp>

#include "finops/tabular/parquet_writing.h"

namespace finops::medallion {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kRemedy =
    ", or drop this table: the next run makes it, and all of silver and gold, anew";

std::vector<Column> state_columns() {
  const auto column = [](const char* name, ColumnType type) {
    return Column{name, type, name, true};
  };
  return {column("layer", ColumnType::kText),         column("name", ColumnType::kText),
          column("definition", ColumnType::kText),    column("logic", ColumnType::kText),
          column("built_at", ColumnType::kTimestamp), column("report", ColumnType::kText)};
}

}  // namespace

TableStates read_table_states(RunTables& tables, const std::string& name_space) {
  TableStates states;
  for (const auto& row : tables.read_small({name_space, kTableStates}, state_columns(), kRemedy)) {
    TableState state{std::get<std::string>(row[0]),  std::get<std::string>(row[1]),
                     std::get<std::string>(row[2]),  std::get<std::string>(row[3]),
                     std::get<std::int64_t>(row[4]), std::get<std::string>(row[5])};
    states[{state.layer, state.name}] = std::move(state);
  }
  return states;
}

void write_table_states(RunTables& tables, const std::string& name_space,
                        const TableStates& states) {
  std::vector<CellRow> rows;
  for (const auto& [place, state] : states) {
    rows.push_back(
        {state.layer, state.name, state.definition, state.logic, state.built_at, state.report});
  }
  tables.replace_small({name_space, kTableStates}, state_columns(), std::move(rows),
                       {"layer", "name"});
}

Error not_made_yet(const datasets::Project& project) {
  const bool is_default = project.is_default_semantics();
  return {ErrorKind::kUsage,
          "the lake has no tables of the project '" + project.name + "'" +
              (is_default ? "" : " under the semantics '" + project.semantics + "'") +
              " yet; make them with `finops dataset run --project " + project.folder +
              (is_default ? "" : " --semantics " + project.semantics) + "` first"};
}

std::string to_json(const ModelReport& report) {
  return Json({{"model", report.model}, {"rows", report.rows}, {"tests", report.tests}}).dump();
}

ModelReport model_report_from(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    ModelReport report;
    report.model = json.at("model");
    report.rows = json.at("rows");
    report.tests = json.at("tests").get<std::vector<std::string>>();
    return report;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kInvalidData,
                std::string("the lake's table_states holds no report of finops: ") + error.what());
  }
}

}  // namespace finops::medallion
