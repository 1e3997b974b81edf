#include "finops/medallion/table_states.h"

#include <nlohmann/json.hpp>
#include <set>

#include "finops/core/error.h"
#include "finops/medallion/query_results.h"
#include "finops/tabular/parquet_writing.h"

namespace finops::medallion {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kTable = "table_states";

std::vector<Column> state_columns() {
  const auto column = [](const char* name, ColumnType type) {
    return Column{name, type, name, true};
  };
  return {column("layer", ColumnType::kText), column("name", ColumnType::kText),
          column("definition", ColumnType::kText), column("built_at", ColumnType::kTimestamp),
          column("report", ColumnType::kText)};
}

template <typename Read>
auto reading(const std::string& text, const Read& read) {
  try {
    return read(Json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kInvalidData,
                std::string("the lake's table_states holds no report of finops: ") + error.what());
  }
}

}  // namespace

TableStates read_table_states(RunTables& tables, const std::string& name_space) {
  TableStates states;
  const lake::TableName name{name_space, kTable};
  const lake::TableView* view = tables.find(name);
  if (view == nullptr) return states;
  const auto columns = tables.columns_of(name, state_columns());
  for (const auto& file : view->files) {
    auto bytes = open_random(tables.lake().store(), tables.lake().key_of(file.uri));
    for (const auto& row : read_parquet_rows(std::move(bytes), columns)) {
      TableState state{std::get<std::string>(row[0]), std::get<std::string>(row[1]),
                       std::get<std::string>(row[2]), std::get<std::int64_t>(row[3]),
                       std::get<std::string>(row[4])};
      states[{state.layer, state.name}] = std::move(state);
    }
  }
  return states;
}

void write_table_states(RunTables& tables, const std::string& name_space,
                        const TableStates& states) {
  const lake::TableName name{name_space, kTable};
  const auto columns = tables.columns_of(name, state_columns());
  std::set<std::string> old;
  for (const auto& file : tables.find(name)->files) old.insert(tables.lake().key_of(file.uri));
  const std::string key = tables.new_key(name);
  const auto writer =
      make_parquet_row_writer(key, tables.lake().store().create(key), columns, {"layer", "name"});
  for (const auto& [place, state] : states) {
    writer->append({state.layer, state.name, state.definition, state.built_at, state.report});
  }
  tables.add_file(name, writer->finish());
  tables.remove_files(name, old);
}

std::string to_json(const DatasetReport& report) {
  Json money = Json::array();
  for (const auto& proof : report.money) {
    money.push_back({{"column", proof.column},
                     {"currency", proof.currency},
                     {"bronze", proof.bronze.to_string()},
                     {"silver", proof.silver.to_string()},
                     {"quarantined", proof.quarantined.to_string()}});
  }
  return Json({{"dataset", report.dataset},
               {"bronze_rows", report.bronze_rows},
               {"valid_rows", report.valid_rows},
               {"quarantined_rows", report.quarantined_rows},
               {"reasons", report.reasons},
               {"flags", report.flags},
               {"money", money}})
      .dump();
}

std::string to_json(const ModelReport& report) {
  return Json({{"model", report.model}, {"rows", report.rows}, {"tests", report.tests}}).dump();
}

DatasetReport dataset_report_from(const std::string& json) {
  return reading(json, [](const Json& from) {
    DatasetReport report;
    report.dataset = from.at("dataset");
    report.bronze_rows = from.at("bronze_rows");
    report.valid_rows = from.at("valid_rows");
    report.quarantined_rows = from.at("quarantined_rows");
    report.reasons = from.at("reasons").get<std::map<std::string, std::int64_t>>();
    report.flags = from.at("flags").get<std::map<std::string, std::int64_t>>();
    for (const auto& proof : from.at("money")) {
      report.money.push_back({proof.at("column"), proof.at("currency"),
                              decimal_of(proof.at("bronze")), decimal_of(proof.at("silver")),
                              decimal_of(proof.at("quarantined"))});
    }
    return report;
  });
}

ModelReport model_report_from(const std::string& json) {
  return reading(json, [](const Json& from) {
    ModelReport report;
    report.model = from.at("model");
    report.rows = from.at("rows");
    report.tests = from.at("tests").get<std::vector<std::string>>();
    return report;
  });
}

}  // namespace finops::medallion
