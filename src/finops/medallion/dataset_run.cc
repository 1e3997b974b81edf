#include "finops/medallion/dataset_run.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "finops/core/error.h"
#include "finops/core/sha256.h"
#include "finops/medallion/bronze_load.h"
#include "finops/medallion/gold_build.h"
#include "finops/medallion/landing.h"
#include "finops/medallion/run_tables.h"
#include "finops/medallion/silver_build.h"
#include "finops/medallion/silver_sql.h"
#include "finops/medallion/sql_check.h"
#include "finops/medallion/sql_mistakes.h"
#include "finops/medallion/table_states.h"
#include "finops/medallion/waivers.h"
#include "finops/pipeline/stage_times.h"

namespace finops::medallion {
namespace {

using datasets::Dataset;
using datasets::Model;

/// Part of every definition: what is made in another way from then on is made again.
constexpr const char* kVersion = "1";

/// All that decides about a model's table, beside what it reads.
std::string text_of(const Model& model) {
  std::string text = model.sql.sql;
  const auto add = [&](const std::string& more) { text += '\0' + more; };
  for (const auto& test : model.tests) {
    add(std::to_string(static_cast<int>(test.kind)));
    for (const auto& column : test.columns) add(column);
    for (const auto* more :
         {&test.other_table, &test.other_column, &test.other_where.sql, &test.sql.sql}) {
      add(*more);
    }
  }
  for (const auto& column : model.incremental_by) add(column);
  for (const auto& column : model.partition_by) add("partition_by " + column.name);
  if (!model.anomaly) return text;
  const datasets::AnomalyStep& step = *model.anomaly;
  add("anomaly");
  add(step.amount);
  for (const auto& column : step.group_by) add(column);
  for (const Decimal number :
       {step.z_threshold, step.mad_threshold, step.lower_percentile, step.upper_percentile}) {
    add(number.to_string());
  }
  for (const auto& method : step.deciding) add(method);
  for (const int number :
       {step.min_rows, step.votes, int{step.is_tiny_mad}, int{step.takes_refunds}}) {
    add(std::to_string(number));
  }
  return text;
}

class ProjectRun {
 public:
  ProjectRun(const datasets::Project& project, const RunPlace& place, const RunOptions& options,
             std::stop_token stop)
      : project_(project),
        place_(place),
        options_(options),
        stop_(std::move(stop)),
        names_(layer_names(project)),
        tables_(tables_at(place,
                          options.is_trial ? RunTables::Makes::kHere : RunTables::Makes::kInLake)),
        times_({}) {
    report_.project = project.name;
    report_.semantics = project.semantics;
  }

  DatasetRunReport run() {
    inputs_ = check_sql(*place_.engine, project_);
    times_.end("check");
    landed_ = read_landed_files(tables_, project_.name);
    states_ = read_table_states(tables_, names_.silver);
    report_.waivers = read_waivers(tables_, names_.silver);
    land_all();
    times_.end("bronze", 0, bronze_rows_);
    for (std::size_t i = 0; i < project_.datasets.size(); ++i) refine_silver(i);
    times_.end("silver");
    for (const Model* model : ordered_models(project_, inputs_)) build(*model);
    times_.end("gold");
    finish();
    std::erase_if(report_.datasets, [&](const DatasetReport& report) {
      return !options_.datasets.empty() && !is_named(report.dataset) && !report.is_rebuilt;
    });
    report_.stages = times_.stages();
    return std::move(report_);
  }

 private:
  void tell(const std::string& stage) const {
    if (stop_.stop_requested()) throw Error(ErrorKind::kCancelled, "interrupted");
    if (options_.on_stage) options_.on_stage(stage);
  }

  std::int64_t now_us() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               place_.clock->now().time_since_epoch())
        .count();
  }

  void land_all() {
    std::vector<LandingPlan> plans;
    std::string missing;
    for (const Dataset& dataset : project_.datasets) {
      plans.push_back(plan_of(dataset));
      if (!plans.back().is_empty() || tables_.find(bronze_table(project_.name, dataset.name))) {
        continue;
      }
      missing += "\n" + dataset.landing_origin.to_string() + ": no file '" + dataset.landing +
                 "' has landed for the dataset " + dataset.name;
    }
    if (!missing.empty()) {
      throw Error(ErrorKind::kNotFound,
                  "see whether the landing folder is the right one; nothing was made:" + missing);
    }
    for (std::size_t i = 0; i < plans.size(); ++i) {
      land(project_.datasets[i], std::move(plans[i]));
    }
  }

  LandingPlan plan_of(const Dataset& dataset) const {
    if (options_.takes_landing) return plan_landing(dataset, *place_.landing, landed_);
    LandingPlan plan;
    plan.stay = landed_of(dataset.name);
    return plan;
  }

  void land(const Dataset& dataset, LandingPlan plan) {
    DatasetReport& report = report_.datasets.emplace_back();
    report.dataset = dataset.name;
    report.new_files = plan.new_files;
    report.changed_files = plan.changed_files;
    report.deleted_files = plan.deleted_files;
    report.files = plan.load.size() + plan.stay.size();
    if (plan.has_changes) {
      report_.is_changed = has_new_landing_ = true;
      take(dataset, std::move(plan));
    }
    if (options_.is_dry_run) return;
    const lake::TableName bronze = bronze_table(project_.name, dataset.name);
    tables_.prepare(bronze, declared_bronze_columns(dataset));
    tables_.show(bronze, "bronze", dataset.name);
  }

  void take(const Dataset& dataset, LandingPlan plan) {
    std::erase_if(landed_, [&](const LandedFile& file) { return file.dataset == dataset.name; });
    landed_.insert(landed_.end(), plan.stay.begin(), plan.stay.end());
    if (options_.is_dry_run) {
      // Not read yet: the ETag stands for what is in them.
      for (const auto& object : plan.load) {
        landed_.push_back({.dataset = dataset.name, .file = object.key, .sha256 = object.etag});
      }
      return;
    }
    tell("bronze " + dataset.name);
    BronzeSettings settings;
    settings.landing = place_.landing;
    settings.is_remote = place_.is_remote;
    settings.spool_folder = place_.work_folder;
    settings.threads = place_.threads;
    settings.memory_bytes = place_.memory_bytes;
    settings.ingestion_time = now_us();
    auto files = load_bronze(tables_, project_.name, dataset, plan.load, settings, stop_);
    std::set<std::string> gone;
    for (const auto& file : plan.unload)
      gone.insert(file.data_files.begin(), file.data_files.end());
    tables_.remove_files(bronze_table(project_.name, dataset.name), gone);
    for (auto& file : files) {
      bronze_rows_ += static_cast<std::uint64_t>(file.rows);
      landed_.push_back(std::move(file));
    }
  }

  std::string definition_of_bronze(const std::string& dataset) const {
    std::vector<std::string> files;
    for (const LandedFile& file : landed_of(dataset)) {
      files.push_back(file.file + '\0' + version_of(file));
    }
    std::ranges::sort(files);
    std::string text = dataset;
    for (const auto& file : files) text += '\n' + file;
    return sha256_of(text);
  }

  /// How a table was made that is there; nullptr when it is to be made from nothing.
  const TableState* known_state(const std::string& layer, const std::string& name) {
    const auto state = states_.find({layer, name});
    const bool is_there =
        tables_.find({layer == "silver" ? names_.silver : names_.gold, name}) != nullptr;
    return options_.rebuilds_all || state == states_.end() || !is_there ? nullptr : &state->second;
  }

  /// Names the table in errors; the engine's show SQL of finops around what people wrote.
  template <typename Make>
  auto making(const std::string& table, const Make& make) const {
    try {
      return make();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      std::string message = without_shown_sql(error.what());
      // All SQL fits tables that are as their files say: here some are not.
      if (error.kind() == ErrorKind::kUsage && !options_.datasets.empty()) {
        message += "; other tables are as the last run left them; replay all, without --dataset";
      }
      throw Error(error.kind(), message).within("make " + table);
    }
  }

  void refine_silver(std::size_t index) {
    const Dataset& dataset = project_.datasets[index];
    const datasets::SilverRules& rules = project_.rules[index];
    const SilverSql sql(dataset, rules, silver_columns_);
    silver_columns_[dataset.name] = sql.columns();
    const std::string logic = logic_of(dataset, rules, sql);
    const std::string bronze = definition_of_bronze(dataset.name);
    const std::string definition = sha256_of(logic + bronze);
    definitions_["bronze." + dataset.name] = bronze;
    DatasetReport& report = report_.datasets[index];
    const TableState* known = known_state("silver", dataset.name);
    const bool is_left = known != nullptr && !is_chosen(dataset, rules);
    keep_definition(dataset.name, is_left ? known->definition : definition,
                    is_left ? known->logic : logic);
    if (known != nullptr && !options_.is_dry_run) show_silver(dataset.name);
    std::vector<Pack> packs;
    if (known != nullptr) packs = packs_from_json(known->report);
    if (is_left || (known != nullptr && known->definition == definition)) {
      static_cast<RowCounts&>(report) = total_of(packs);
      return;
    }
    report_.is_changed = report.is_rebuilt = true;
    made_.insert({"silver." + dataset.name, "silver." + quarantine_name(dataset.name)});
    if (options_.is_dry_run) {
      static_cast<RowCounts&>(report) = total_of(packs);
      return;
    }
    tell("silver " + dataset.name);
    const bool may_stay = known != nullptr && known->logic == logic;
    const SilverJob job{project_, dataset, rules, sql, names_, landed_of(dataset.name)};
    const SilverResult result = making("silver." + dataset.name, [&] {
      return refine(tables_, job, may_stay ? &packs : nullptr, stop_);
    });
    static_cast<RowCounts&>(report) = total_of(result.packs);
    report.refined_rows = result.refined_rows;
    report.moves = moves_of(dataset.name, result.quarantine);
    changes_["silver." + dataset.name] = result.change;
    states_[{"silver", dataset.name}] = {"silver", dataset.name, definition,
                                         logic,    now_us(),     packs_to_json(result.packs)};
  }

  void keep_definition(const std::string& dataset, const std::string& definition,
                       const std::string& logic) {
    definitions_["silver." + dataset] = definition;
    definitions_["silver." + quarantine_name(dataset)] = definition;
    logics_["silver." + dataset] = logic;
  }

  /// One that joins a table that has changed goes with it.
  bool is_chosen(const Dataset& dataset, const datasets::SilverRules& rules) const {
    return options_.datasets.empty() || is_named(dataset.name) ||
           std::ranges::any_of(rules.joins, [&](const datasets::Join& join) {
             return made_.contains("silver." + join.dataset);
           });
  }
  bool is_named(const std::string& dataset) const {
    return std::ranges::find(options_.datasets, dataset) != options_.datasets.end();
  }
  bool is_chosen(const ModelReads& reads) const {
    return options_.datasets.empty() ||
           std::ranges::any_of(made_, [&](const std::string& table) { return reads.has(table); });
  }

  QuarantineMoves moves_of(const std::string& dataset, const QuarantineDifference& difference) {
    QuarantineMoves moves;
    moves.left = difference.left;
    moves.left_money = difference.left_money;
    for (const ArrivedRows& arrived : difference.came) {
      moves.came += arrived.rows;
      const bool is_waived = are_waived(report_.waivers, dataset, arrived.file, arrived.reasons);
      if (is_waived) moves.waived += arrived.rows;
    }
    return moves;
  }

  /// All that decides about silver but the landing files.
  std::string logic_of(const Dataset& dataset, const datasets::SilverRules& rules,
                       const SilverSql& sql) const {
    std::string text = kVersion + sql.judged("bronze");
    if (sql.has_unique_key()) text += sql.key_list();
    text += '\0' + rules.currency_column;
    for (const auto& money : dataset.money) {
      text += '\0' + money.column + '\0' + money.currency_column + '\0' + money.currency;
    }
    for (const auto& column : dataset.partition_by) text += '\0' + ("partition_by " + column.name);
    for (const auto& join : rules.joins) text += definitions_.at("silver." + join.dataset);
    return sha256_of(text);
  }

  std::vector<LandedFile> landed_of(const std::string& dataset) const {
    std::vector<LandedFile> files;
    for (const LandedFile& file : landed_) {
      if (file.dataset == dataset) files.push_back(file);
    }
    return files;
  }

  void show_silver(const std::string& dataset) {
    for (const auto& name : {dataset, quarantine_name(dataset)}) {
      tables_.show({names_.silver, name}, "silver", name);
    }
  }

  void build(const Model& model) {
    std::string text = kVersion + text_of(model);
    const ModelReads& reads = inputs_.at(model.name);
    for (const auto* inputs : {&reads.sql, &reads.tests}) {
      for (const auto& input : *inputs) text += '\0' + definitions_.at(input);
    }
    const std::string definition = sha256_of(text);
    const TableState* state = known_state("gold", model.name);
    const bool is_left = state != nullptr && !is_chosen(reads);
    definitions_["gold." + model.name] = is_left ? state->definition : definition;
    if (is_left || (state != nullptr && state->definition == definition)) {
      report_.models.push_back(model_report_from(state->report));
      if (!options_.is_dry_run) tables_.show({names_.gold, model.name}, "gold", model.name);
      return;
    }
    report_.is_changed = true;
    made_.insert("gold." + model.name);
    if (options_.is_dry_run) {
      report_.models.push_back(state == nullptr ? ModelReport{.model = model.name}
                                                : model_report_from(state->report));
      report_.models.back().is_rebuilt = true;
      return;
    }
    tell("gold " + model.name);
    const std::string logic = logic_of(model);
    const InputChanges changes = changes_of(model);
    const bool is_in_parts = state != nullptr && state->logic == logic && can_be_in_parts(model);
    report_.models.push_back(making("gold." + model.name, [&] {
      return build_model(tables_, names_, model, is_in_parts ? &changes : nullptr, stop_);
    }));
    states_[{"gold", model.name}] = {"gold", model.name, definition,
                                     logic,  now_us(),   to_json(report_.models.back())};
  }

  /// All that decides about a model's rows but rows of silver that come and go.
  std::string logic_of(const Model& model) const {
    std::string text = kVersion + text_of(model);
    for (const auto& input : inputs_.at(model.name).sql) {
      const auto logic = logics_.find(input);
      text += '\0' + (logic == logics_.end() ? definitions_.at(input) : logic->second);
    }
    return sha256_of(text);
  }

  InputChanges changes_of(const Model& model) const {
    InputChanges changes;
    for (const auto& input : inputs_.at(model.name).sql) {
      const auto change = changes_.find(input);
      if (change != changes_.end()) changes.emplace(input, change->second);
    }
    return changes;
  }

  /// Whether it can be told which parts of the model its inputs' changed rows are in.
  bool can_be_in_parts(const Model& model) const {
    if (model.incremental_by.empty() || model.anomaly) return false;
    for (const auto& [input, change] : changes_of(model)) {
      const auto& columns = silver_columns_.at(input.substr(input.find('.') + 1));
      const auto has = [&](const std::string& name) {
        return std::ranges::find(columns, name, &Column::name) != columns.end();
      };
      if (change.is_whole || !std::ranges::all_of(model.incremental_by, has)) return false;
    }
    return true;
  }

  void finish() {
    if (options_.is_dry_run || options_.is_trial || !report_.is_changed) return;
    if (has_new_landing_) write_landed_files(tables_, project_.name, landed_);
    write_table_states(tables_, names_.silver, states_);
    tell("commit");
    tables_.commit({{"finops.project", project_.name}, {"finops.semantics", project_.semantics}});
    times_.end("commit");
  }

  const datasets::Project& project_;
  const RunPlace& place_;
  const RunOptions& options_;
  const std::stop_token stop_;
  const LayerNames names_;
  RunTables tables_;
  StageTimes times_;
  ModelInputs inputs_;
  std::vector<LandedFile> landed_;
  bool has_new_landing_ = false;
  std::uint64_t bronze_rows_ = 0;
  TableStates states_;
  std::map<std::string, std::vector<Column>> silver_columns_;
  std::map<std::string, std::string> definitions_;  // "silver.usage_events"
  std::map<std::string, std::string> logics_;       // of silver
  std::set<std::string> made_;                      // by this run, as definitions_ names them
  InputChanges changes_;                            // of silver that this run made
  DatasetRunReport report_;
};

}  // namespace

PartitionLock lock_project(const datasets::Project& project, const std::string& lock_folder) {
  return PartitionLock::take(lock_folder, {project.name, "datasets", "all", ""});
}

RunTables tables_at(const RunPlace& place, RunTables::Makes makes) {
  return {*place.lake, place.lake_uri, *place.work, place.work_folder, *place.engine, makes};
}

DatasetRunReport run_project(const datasets::Project& project, const RunPlace& place,
                             const RunOptions& options, const std::stop_token& stop) {
  datasets::require_datasets(project, options.datasets);
  const auto lock = lock_project(project, place.lock_folder);
  return ProjectRun(project, place, options, stop).run();
}

}  // namespace finops::medallion
