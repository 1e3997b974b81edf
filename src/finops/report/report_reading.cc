#include "finops/report/report_reading.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "finops/engines/sql_text.h"
#include "finops/medallion/bronze_load.h"
#include "finops/medallion/layer_names.h"
#include "finops/medallion/silver_packs.h"
#include "finops/medallion/silver_sql.h"
#include "finops/medallion/table_states.h"
#include "finops/medallion/waivers.h"
#include "finops/report/exact_sums.h"
#include "finops/report/plot_choice.h"
#include "finops/report/plot_reading.h"
#include "finops/report/query_rows.h"

namespace finops::report {
namespace {

using datasets::Model;

constexpr int kFirstRows = 50, kLargest = 20;
constexpr int kReasons = 12, kRowsOfReason = 5;  // of a dataset's quarantine

/// A row of table_states.
struct State {
  std::string built_at, report;
};

/// "2026-05-31 23:59:59.123" to the second.
std::string to_second(const std::string& time) { return time.substr(0, 19); }

bool is_anomaly_column(const std::string& name) {
  return std::ranges::any_of(datasets::anomaly_columns(),
                             [&](const Column& column) { return column.name == name; });
}

std::string description_of(const Model& model, const std::string& column) {
  const auto written = std::ranges::find(model.columns, column, &datasets::ModelColumn::name);
  if (written != model.columns.end()) return written->description;
  const auto& more = datasets::anomaly_columns();
  const auto added = std::ranges::find(more, column, &Column::name);
  return model.anomaly && added != more.end() ? added->doc : "";
}

class ReportReading {
 public:
  ReportReading(SqlEngine& engine, const datasets::Project& project, const TableVersions& versions,
                std::stop_token stop)
      : engine_(engine),
        project_(project),
        versions_(versions),
        stop_(std::move(stop)),
        names_(medallion::layer_names(project)) {}

  ReportData read() {
    read_states();
    data_.project = project_.name;
    data_.description = project_.description;
    data_.semantics = project_.semantics;
    data_.snapshot_id = versions_.at(names_.silver + "." + medallion::kTableStates).snapshot_id;
    for (const auto& dataset : project_.datasets) read_dataset(dataset);
    read_waivers();
    for (const Model& model : project_.models) read_model(model);
    return std::move(data_);
  }

 private:
  QueryRows query(const std::string& sql) { return query_rows(engine_, sql, stop_); }

  bool has_table(const std::string& name_space, const std::string& name) const {
    return versions_.contains(name_space + "." + name);
  }

  static std::string sql_name(const std::string& name_space, const std::string& name) {
    return quoted_identifier(name_space) + "." + quoted_identifier(name);
  }

  void read_states() {
    if (has_table(names_.silver, medallion::kTableStates)) {
      const auto found = query("SELECT layer, name, CAST(built_at AS VARCHAR), report FROM " +
                               sql_name(names_.silver, medallion::kTableStates));
      for (const ResultRow& row : found.rows) {
        State& state = states_[row[0].value_or("") + "." + row[1].value_or("")];
        state = {to_second(row[2].value_or("")), row[3].value_or("")};
        data_.made_at = std::max(data_.made_at, state.built_at);
      }
    }
    if (states_.empty()) throw medallion::not_made_yet(project_);
  }

  void read_waivers() {
    if (!has_table(names_.silver, medallion::kWaivers)) return;
    const auto found =
        query("SELECT dataset, code, file, CAST(since AS VARCHAR), reason, rows FROM " +
              sql_name(names_.silver, medallion::kWaivers) + " ORDER BY ALL");
    for (const ResultRow& row : found.rows) {
      data_.waivers.push_back({row[0].value_or(""), row[1].value_or(""), row[2].value_or(""),
                               to_second(row[3].value_or("")), row[4].value_or(""),
                               integer_of(row[5])});
    }
  }

  const State* state_of(const std::string& layer, const std::string& name) const {
    const auto it = states_.find(layer + "." + name);
    return it == states_.end() ? nullptr : &it->second;
  }

  void read_dataset(const datasets::Dataset& dataset) {
    const State* state = state_of("silver", dataset.name);
    if (state == nullptr) return;
    DatasetSection section;
    section.name = dataset.name;
    section.description = dataset.description;
    section.built_at = state->built_at;
    section.quality = medallion::total_of(medallion::packs_from_json(state->report));
    const std::string quarantine = medallion::quarantine_name(dataset.name);
    if (section.quality.quarantined_rows > 0 && has_table(names_.silver, quarantine)) {
      section.quarantine = quarantined_rows(sql_name(names_.silver, quarantine));
      section.quarantine.all_rows = section.quality.quarantined_rows;
    }
    data_.datasets.push_back(std::move(section));
  }

  /// Some rows of each of the most frequent reasons: the first of all might show one reason only.
  RowSample quarantined_rows(const std::string& table) {
    using medallion::kReasons;
    using medallion::kSourceFile;
    using medallion::kSourceLine;
    const std::string first =
        sql_list({kReasons, std::string(kSourceFile), std::string(kSourceLine)});
    RowSample sample;
    const auto reasons =
        query("SELECT " + std::string(kReasons) + " FROM " + table +
              " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT " + std::to_string(report::kReasons));
    for (const ResultRow& reason : reasons.rows) {
      auto found =
          query("SELECT " + first + ", * EXCLUDE (" + first + ", " + medallion::kIngestionTime +
                ") FROM " + table + " WHERE " + kReasons + " = " +
                quoted_literal(reason[0].value_or("")) + " ORDER BY " + kSourceFile + ", " +
                kSourceLine + " LIMIT " + std::to_string(kRowsOfReason));
      sample.columns = std::move(found.columns);
      std::ranges::move(found.rows, std::back_inserter(sample.rows));
    }
    drop_empty(sample, medallion::kUnreadable);
    drop_empty(sample, medallion::kRaw);
    return sample;
  }

  /// Leaves out a column that has no value in any row.
  static void drop_empty(RowSample& sample, const std::string& name) {
    const auto it = std::ranges::find(sample.columns, name, &ResultColumn::name);
    if (it == sample.columns.end()) return;
    const auto at = it - sample.columns.begin();
    const auto index = static_cast<std::size_t>(at);
    if (std::ranges::any_of(sample.rows, [&](const auto& row) { return row[index].has_value(); })) {
      return;
    }
    sample.columns.erase(it);
    for (auto& row : sample.rows) row.erase(row.begin() + at);
  }

  void read_model(const Model& model) {
    ModelSection section;
    section.name = model.name;
    section.description = model.description;
    section.table = names_.gold + "." + model.name;
    const State* state = state_of("gold", model.name);
    section.is_made = state != nullptr && has_table(names_.gold, model.name);
    if (section.is_made) {
      const std::string table = sql_name(names_.gold, model.name);
      const auto report = medallion::model_report_from(state->report);
      section.built_at = state->built_at;
      section.snapshot_id = versions_.at(section.table).snapshot_id;
      section.tests = report.tests;
      section.first = first_rows(model, table);
      section.first.all_rows = report.rows;
      const auto& columns = section.first.columns;
      for (const auto& column : columns) {
        section.columns.push_back({column.name, column.type, description_of(model, column.name)});
      }
      section.has_anomalies = model.anomaly && has_scores(*model.anomaly, columns);
      if (section.has_anomalies) read_anomalies(model, table, columns);
      const bool is_drawn =
          !section.has_anomalies || model.plot.kind != datasets::ModelPlot::Kind::kAuto;
      const auto choice = is_drawn ? choose_plot(model.plot, columns) : std::nullopt;
      if (choice) section.plot = read_plot(engine_, table, *choice, stop_);
    }
    data_.models.push_back(std::move(section));
  }

  /// In the order of the first columns that a test calls unique, else of all: the same rows, in the
  /// same order, of the same table.
  RowSample first_rows(const Model& model, const std::string& table) {
    const auto columns = query("FROM " + table + " LIMIT 0").columns;
    const auto unique = std::ranges::find(model.tests, datasets::ModelTest::Kind::kUnique,
                                          &datasets::ModelTest::kind);
    std::vector<std::string> key;
    if (unique != model.tests.end() && has_columns(columns, unique->columns)) {
      for (const auto& column : unique->columns) key.push_back(quoted_identifier(column));
    }
    const std::string order = key.empty() ? "ALL" : sql_list(key);
    auto found =
        query("FROM " + table + " ORDER BY " + order + " LIMIT " + std::to_string(kFirstRows));
    return {std::move(found.columns), std::move(found.rows), 0};
  }

  static bool has_columns(const std::vector<ResultColumn>& columns,
                          const std::vector<std::string>& names) {
    return std::ranges::all_of(names, [&](const std::string& name) {
      return std::ranges::find(columns, name, &ResultColumn::name) != columns.end();
    });
  }

  /// The table may have been made before the model's file became what it is.
  static bool has_scores(const datasets::AnomalyStep& step,
                         const std::vector<ResultColumn>& columns) {
    std::vector<std::string> names = step.group_by;
    names.push_back(step.amount);
    for (const Column& column : datasets::anomaly_columns()) names.push_back(column.name);
    return has_columns(columns, names);
  }

  void read_anomalies(const Model& model, const std::string& table,
                      const std::vector<ResultColumn>& columns) {
    const datasets::AnomalyStep& step = *model.anomaly;
    AnomalySection section;
    section.model = model.name;
    section.description = model.description;
    section.amount = step.amount;
    read_counts(section, table, step);
    section.largest = largest_anomalies(table, columns);
    section.largest.all_rows = section.anomalies;
    if (const ResultColumn* date = date_column(columns)) {
      section.plot = read_score_plot(engine_, table, *date, step, stop_);
    }
    data_.anomalies.push_back(std::move(section));
  }

  void read_counts(AnomalySection& section, const std::string& table,
                   const datasets::AnomalyStep& step) {
    const auto found = query(
        "SELECT count(*), count(*) FILTER (WHERE is_anomaly), count(*) FILTER (WHERE is_zscore), "
        "count(*) FILTER (WHERE is_mad), count(*) FILTER (WHERE is_percentile), count(*) FILTER "
        "(WHERE is_zscore AND is_mad AND is_percentile) FROM " +
        table);
    const ResultRow& row = found.rows.at(0);
    section.judged = integer_of(row[0]);
    section.anomalies = integer_of(row[1]);
    const std::string percentiles =
        step.lower_percentile.to_string() + " and " + step.upper_percentile.to_string();
    section.methods = {
        {"z score", "more than " + step.z_threshold.to_string() + " standard deviations",
         integer_of(row[2]), ""},
        {"MAD score", "more than " + step.mad_threshold.to_string() + " robust deviations",
         integer_of(row[3]), ""},
        {"percentiles", "outside " + percentiles, integer_of(row[4]), ""},
        {"all three", "outliers by every method", integer_of(row[5]), ""}};
    const std::string severity = kSeveritySql;
    const auto by_severity = query("SELECT " + severity + ", count(*), " +
                                   sum_sql(quoted_identifier(step.amount), "amount") + " FROM " +
                                   table + " WHERE is_anomaly GROUP BY 1");
    for (const Severity& one : kSeverities) {
      section.severities.push_back({one.name, one.description, 0, "0"});
    }
    for (const ResultRow& one : by_severity.rows) {
      AnomalyCount& count = section.severities.at(static_cast<std::size_t>(integer_of(one[0])));
      count.rows = integer_of(one[1]);
      count.amount = sum_text(one, 2);
    }
  }

  RowSample largest_anomalies(const std::string& table, const std::vector<ResultColumn>& columns) {
    std::vector<std::string> own;
    for (const auto& column : columns) {
      if (!is_anomaly_column(column.name)) own.push_back(quoted_identifier(column.name));
    }
    auto found = query("SELECT mad_score, z_score, votes, " + sql_list(own) + " FROM " + table +
                       " WHERE is_anomaly ORDER BY abs(mad_score) DESC NULLS LAST, " +
                       sql_list(own) + " LIMIT " + std::to_string(kLargest));
    return {std::move(found.columns), std::move(found.rows), 0};
  }

  SqlEngine& engine_;
  const datasets::Project& project_;
  const TableVersions& versions_;
  const std::stop_token stop_;
  const medallion::LayerNames names_;
  std::map<std::string, State> states_;  // by "silver.usage_events"
  ReportData data_;
};

}  // namespace

bool is_of_project(const datasets::Project& project, const std::string& name_space) {
  const medallion::LayerNames names = medallion::layer_names(project);
  return name_space == names.silver || name_space == names.gold;
}

ReportData read_report(SqlEngine& engine, const datasets::Project& project,
                       const TableVersions& versions, const std::stop_token& stop) {
  return ReportReading(engine, project, versions, stop).read();
}

}  // namespace finops::report
