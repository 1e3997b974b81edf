#include "finops/medallion/sql_check.h"

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <utility>

#include "finops/core/error.h"
#include "finops/engines/sql_text.h"
#include "finops/medallion/bronze_load.h"
#include "finops/medallion/silver_build.h"
#include "finops/medallion/silver_sql.h"

namespace finops::medallion {
namespace {

using datasets::SqlText;

/// What the engine says, without the line that it shows.
std::string first_part(const std::string& message) {
  return message.substr(0, message.find("\n\nLINE "));
}

std::string line_of(const std::string& text, unsigned number) {
  std::size_t begin = 0;
  for (unsigned line = 1; line < number; ++line) begin = text.find('\n', begin) + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

lake::TableView empty_table(std::vector<Column> columns) {
  lake::TableView table;
  table.schema.columns = std::move(columns);
  return table;
}

class SqlCheck {
 public:
  SqlCheck(TransformEngine& engine, const datasets::Project& project)
      : engine_(engine), project_(project) {}

  ModelInputs run() {
    for (std::size_t i = 0; i < project_.datasets.size(); ++i) {
      check(project_.datasets[i], project_.rules[i]);
    }
    mistakes_.throw_if_any();
    ModelInputs inputs = model_inputs(engine_, project_);
    std::set<std::string> faulty;
    for (const datasets::Model* model : ordered_models(project_, inputs)) {
      const bool can_be_checked = std::ranges::none_of(
          inputs.at(model->name), [&](const std::string& table) { return faulty.contains(table); });
      if (!can_be_checked || !check(*model)) faulty.insert("gold." + model->name);
    }
    mistakes_.throw_if_any();
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
    bool is_sound = true;
    for (const SilverSql::Piece& piece : sql.pieces(from)) {
      is_sound = is_sound && prepares(piece.select, *piece.text, piece.what);
    }
    silver_[dataset.name] = sql.columns();
    show("silver", dataset.name, sql.columns());
    show("silver", quarantine_name(dataset.name), quarantine_columns(bronze));
    if (is_sound) engine_.columns_of(sql.judged(from));
  }

  bool prepares(const std::string& select, const SqlText& text, const std::string& what) {
    try {
      engine_.columns_of(select);
      return true;
    } catch (const Error& error) {
      if (!is_of_sql(error)) throw;
      mistakes_.add(text.origin, what + ": " + first_part(error.what()));
      return false;
    }
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
      mistakes_.add(place_in_sql(model.sql, error.what()), first_part(error.what()));
      return false;
    }
    if (model.anomaly) check(*model.anomaly, columns);
    if (model.anomaly) {
      const auto& more = datasets::anomaly_columns();
      columns.insert(columns.end(), more.begin(), more.end());
    }
    check_names(model, columns);
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
      mistakes_.add(step.origin,
                    "group_by names '" + name + "', which the model's SQL does not give");
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
      mistakes_.add(documented.origin, "'" + documented.name + "' is no column of the model's SQL");
    }
    for (const auto& test : model.tests) {
      for (const auto& column : test.columns) {
        if (names.contains(column)) continue;
        mistakes_.add(test.origin, "'" + column + "' is no column of the model's SQL");
      }
    }
  }

  TransformEngine& engine_;
  const datasets::Project& project_;
  Mistakes mistakes_;
  std::map<std::string, std::vector<Column>> silver_;
};

}  // namespace

Origin place_in_sql(const SqlText& text, const std::string& message) {
  static const std::regex shown(R"(\nLINE (\d+): (.*)\n( *)\^)");
  std::smatch found;
  Origin origin = text.origin;
  if (!std::regex_search(message, found, shown)) return origin;
  const unsigned line = static_cast<unsigned>(std::stoul(found[1].str()));
  std::string piece = found[2].str();
  const std::string whole = line_of(text.sql, line);
  const std::size_t prefix = std::string("LINE : ").size() + found[1].str().size();
  std::size_t column = found[3].str().size() - std::min(prefix, found[3].str().size());
  if (piece.starts_with("...") && !whole.starts_with("...")) {  // it shows a part of a long line
    piece = piece.substr(3, piece.size() > 6 ? piece.size() - 6 : std::string::npos);
    const std::size_t at = whole.find(piece);
    column = at == std::string::npos ? 0 : at + column - std::min<std::size_t>(column, 3);
  }
  const std::string file =
      origin.where.substr(0, origin.where.rfind(':', origin.where.rfind(':') - 1));
  origin.column = static_cast<unsigned>(column) + (line == 1 ? origin.column : 1);
  origin.line += line - 1;
  origin.where = file + ":" + std::to_string(origin.line) + ":" + std::to_string(origin.column);
  return origin;
}

ModelInputs check_sql(TransformEngine& engine, const datasets::Project& project) {
  return SqlCheck(engine, project).run();
}

}  // namespace finops::medallion
