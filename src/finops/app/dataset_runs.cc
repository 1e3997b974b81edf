#include "finops/app/dataset_runs.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "finops/app/lake_queries.h"
#include "finops/app/lake_session.h"
#include "finops/app/plain_load.h"
#include "finops/core/error.h"
#include "finops/datasets/column_names.h"
#include "finops/datasets/project.h"
#include "finops/engines/duckdb/duckdb_transform_engine.h"
#include "finops/medallion/dataset_run.h"
#include "finops/medallion/project_description.h"
#include "finops/medallion/sql_check.h"
#include "finops/medallion/trino_models.h"
#include "finops/report/report_reading.h"
#include "finops/stores/local/local_store.h"

namespace finops {
namespace {

namespace fs = std::filesystem;

/// A folder of this process, gone with this object.
class WorkFolder {
 public:
  explicit WorkFolder(const std::string& parent)
      : path_(fs::absolute(parent) / ("work-" + std::to_string(getpid()))) {
    std::error_code code;
    fs::create_directories(path_, code);
    if (code) throw error_from_errno(code.value(), "make the work folder", path_.string());
  }
  ~WorkFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  std::string path() const { return path_.string(); }

 private:
  const fs::path path_;
};

std::unique_ptr<TransformEngine> engine_of(const Configuration& configuration,
                                           const WorkFolder& work, const std::string& lake_uri,
                                           std::function<RemoteAccess()> remote) {
  DuckdbTransformOptions options;
  // Measured over 10 million events: DuckDB holds some 280 MB beyond what it counts.
  constexpr std::uint64_t kLeast = 128ull << 20;
  options.memory_bytes = std::max(configuration.memory_limit / 8 * 3, kLeast);
  options.work_folder = work.path();
  options.lake_uri = lake_uri;
  options.remote = std::move(remote);
  options.extension_folder = duckdb_extension_folder();
  return make_duckdb_transform_engine(options);
}

/// For checks, which read no table.
std::unique_ptr<TransformEngine> engine_without_lake(const Configuration& configuration,
                                                     const WorkFolder& work) {
  return engine_of(configuration, work, "file://" + work.path(), {});
}

std::string landing_of(const DatasetRequest& request) {
  return request.landing.empty() ? request.project + "/landing" : request.landing;
}

/// The lake, an engine and what else the work on a project's tables needs, of one command.
class ProjectSession {
 public:
  ProjectSession(const Configuration& configuration, const DatasetRequest& request,
                 const std::stop_token& stop)
      : project(datasets::read_project(request.project, request.semantics)),
        configuration_(configuration),
        session_(configuration, stop),
        work_(configuration.data_dir),
        engine_(engine_of(configuration, work_, session_.lake.root_uri, session_.lake.remote)) {
    place.lake = session_.lake.tables.get();
    place.lake_uri = session_.lake.root_uri;
    place.work_folder = work_.path();
    place.work = make_local_store(work_.path(), {.must_exist = true});
    place.lock_folder = (fs::path(configuration.data_dir) / "locks").lexically_normal().string();
    place.engine = engine_.get();
    place.clock = &system_clock();
    place.threads = std::max(1u, std::thread::hardware_concurrency());
    place.memory_bytes = configuration.memory_limit;
  }

  void open_landing(const std::string& location) {
    auto [landing, is_remote] = open_place(configuration_, session_.aws, location);
    place.landing = std::move(landing);
    place.is_remote = is_remote;
  }

  void publish() { publish_lake_views(session_.lake, configuration_); }

  const datasets::Project project;
  medallion::RunPlace place;

 private:
  const Configuration& configuration_;
  LakeSession session_;
  const WorkFolder work_;
  const std::unique_ptr<TransformEngine> engine_;
};

medallion::DatasetRunReport run(const Configuration& configuration, const DatasetRequest& request,
                                const std::function<void(const std::string&)>& on_stage,
                                const std::stop_token& stop) {
  ProjectSession session(configuration, request, stop);
  session.open_landing(landing_of(request));
  auto report = medallion::run_project(session.project, session.place,
                                       {.is_dry_run = request.is_dry_run,
                                        .rebuilds_all = request.rebuilds_all,
                                        .on_stage = on_stage},
                                       stop);
  if (!request.is_dry_run) session.publish();
  return report;
}

medallion::DatasetRunReport replay(const Configuration& configuration,
                                   const DatasetRequest& request,
                                   const std::function<void(const std::string&)>& on_stage,
                                   const std::stop_token& stop) {
  ProjectSession session(configuration, request, stop);
  auto report = medallion::run_project(session.project, session.place,
                                       {.on_stage = on_stage,
                                        .takes_landing = false,
                                        .is_trial = request.is_dry_run,
                                        .datasets = request.datasets},
                                       stop);
  if (!request.is_dry_run) session.publish();
  return report;
}

medallion::DatasetWaiverReport waive(const Configuration& configuration,
                                     const DatasetRequest& request,
                                     const medallion::DatasetWaiverRequest& waiver,
                                     const std::stop_token& stop) {
  ProjectSession session(configuration, request, stop);
  auto report = medallion::waive(session.project, session.place, waiver, stop);
  if (report.is_changed && !waiver.is_dry_run) session.publish();
  return report;
}

medallion::ProjectDescription describe(const Configuration& configuration,
                                       const DatasetRequest& request) {
  const datasets::Project project = datasets::read_project(request.project, request.semantics);
  const WorkFolder work(configuration.data_dir);
  const auto engine = engine_without_lake(configuration, work);
  return medallion::describe_project(*engine, project, medallion::check_sql(*engine, project));
}

/// Every semantics, when none is named: what is wrong in one is told even if nobody runs it now.
std::vector<medallion::ProjectDescription> check(const Configuration& configuration,
                                                 const DatasetRequest& request) {
  struct Checked {
    datasets::Project project;
    std::unique_ptr<TransformEngine> engine;
    medallion::ModelInputs inputs;
  };
  const WorkFolder work(configuration.data_dir);
  std::vector<Checked> all;
  std::vector<std::string> left = {request.semantics};
  if (request.semantics.empty()) left = datasets::read_project(request.project, "").all_semantics;
  Mistakes mistakes;
  for (const auto& semantics : left) {
    Checked& one = all.emplace_back();
    one.project = datasets::read_project(request.project, semantics);
    one.engine = engine_without_lake(configuration, work);
    one.inputs = medallion::check_sql(*one.engine, one.project, mistakes);
  }
  mistakes.throw_if_any("the project");
  for (const Checked& one : all) {
    if (!request.is_for_trino) continue;
    medallion::trino_models(*one.engine, one.project, one.inputs, "", "", mistakes);
  }
  mistakes.throw_if_any("the project");
  std::vector<medallion::ProjectDescription> described;
  for (const Checked& one : all) {
    described.push_back(medallion::describe_project(*one.engine, one.project, one.inputs));
  }
  return described;
}

std::vector<medallion::TrinoModel> trino_models(const Configuration& configuration,
                                                const DatasetSqlRequest& request) {
  const auto project = datasets::read_project(request.of.project, request.of.semantics);
  std::vector<std::string> names;
  for (const auto& model : project.models) names.push_back(model.name);
  if (!request.model.empty() && std::ranges::find(names, request.model) == names.end()) {
    throw Error(ErrorKind::kUsage, "the project has no model '" + request.model + "'" +
                                       datasets::advice(request.model, names, "models"));
  }
  const WorkFolder work(configuration.data_dir);
  const auto engine = engine_without_lake(configuration, work);
  const auto inputs = medallion::check_sql(*engine, project);
  Mistakes mistakes;
  auto models = medallion::trino_models(
      *engine, project, inputs,
      request.catalog.empty() ? configuration.catalog.name : request.catalog, request.model,
      mistakes);
  mistakes.throw_if_any("the project");
  return models;
}

/// The project's tables, all as of one moment: a run that commits in between is waited for by
/// looking again.
std::vector<lake::TableView> views_of(const datasets::Project& project, LakeSession& session) {
  const auto versions = [&] {
    std::map<lake::TableName, std::optional<std::string>> current;
    for (const auto& table : session.lake.tables->tables()) {
      if (!report::is_of_project(project, table.name_space)) continue;
      current[table] = session.lake.catalog->metadata_location(table);
    }
    return current;
  };
  for (auto before = versions();;) {
    std::vector<lake::TableView> views;
    for (const auto& [table, location] : before) views.push_back(session.lake.tables->view(table));
    auto after = versions();
    if (after == before) return views;
    before = std::move(after);
  }
}

report::ReportData read_report(const Configuration& configuration, const DatasetRequest& request,
                               const std::stop_token& stop) {
  const datasets::Project project = datasets::read_project(request.project, request.semantics);
  LakeSession session(configuration, stop);
  auto views = views_of(project, session);
  report::TableVersions versions;
  for (const auto& view : views) versions[view.name.to_string()] = {view.snapshot_id};
  const auto engine = engine_over(std::move(views), session.lake, configuration);
  return report::read_report(*engine, project, versions, stop);
}

}  // namespace

void wire_datasets(Services& services) {
  services.run_datasets = run;
  services.replay_datasets = replay;
  services.waive_datasets = waive;
  services.dataset_quarantine = [](const Configuration& configuration,
                                   const DatasetQuarantineRequest& request,
                                   const std::stop_token& stop) {
    ProjectSession session(configuration, request.of, stop);
    return medallion::read_quarantine(session.project, session.place, request.choice,
                                      request.by_file, stop);
  };
  services.dataset_quarantined_rows = [](const Configuration& configuration,
                                         const DatasetQuarantineRequest& request,
                                         const std::stop_token& stop) {
    ProjectSession session(configuration, request.of, stop);
    return medallion::read_quarantined_records(session.project, session.place, request.choice,
                                               request.limit, stop);
  };
  services.describe_datasets = describe;
  services.check_datasets = check;
  services.trino_models = trino_models;
  services.read_report = read_report;
}

}  // namespace finops
