#include "finops/app/wiring.h"

#include <chrono>
#include <memory>
#include <utility>

#include "finops/app/bill_diffs.h"
#include "finops/app/dataset_runs.h"
#include "finops/app/doctor.h"
#include "finops/app/journal_access.h"
#include "finops/app/lake_care.h"
#include "finops/app/lake_queries.h"
#include "finops/app/lake_session.h"
#include "finops/app/notifying.h"
#include "finops/app/pipeline_session.h"
#include "finops/app/selftest.h"
#include "finops/app/serving.h"
#include "finops/app/warehouse_loads.h"
#include "finops/core/error.h"
#include "finops/pipeline/quarantine_reading.h"

namespace finops {
namespace {

/// Publishing takes DuckDB's memory and a tenth of a second, beside the loads that go on.
constexpr auto kBetweenViews = std::chrono::seconds(5);

RunReport run(PipelineSession&& session, const Configuration& configuration,
              const RunOptions& options, const RunHooks& hooks, const std::stop_token& stop) {
  RunHooks with_views = hooks;
  auto published = std::chrono::steady_clock::now();
  with_views.on_commit = [&] {
    if (std::chrono::steady_clock::now() - published < kBetweenViews) return;
    publish_lake_views(session.lake, configuration);
    published = std::chrono::steady_clock::now();
  };
  RunReport report = session.pipeline.run(options, with_views, stop);
  // Also when nothing was loaded: an earlier run may have been killed before it published.
  publish_lake_views(session.lake, configuration);
  return report;
}

void wire_loading(Services& services) {
  services.plan = [](const Configuration& configuration, const Selection& selection,
                     bool overwrite) {
    return PipelineSession(configuration).pipeline.plan(selection, overwrite);
  };
  services.run_pipeline = [](const Configuration& configuration, const RunOptions& options,
                             const RunHooks& hooks, const std::stop_token& stop) {
    return run(PipelineSession(configuration, stop), configuration, options, hooks, stop);
  };
  services.load_local = [](const Configuration& configuration, const RunOptions& options,
                           const RunHooks& hooks, const std::stop_token& stop) {
    return run(PipelineSession(configuration, stop, ReadFrom::kThisMachine), configuration, options,
               hooks, stop);
  };
  services.plan_load = [](const Configuration& configuration, const LoadRequest& request,
                          bool overwrite) {
    return PipelineSession(configuration, request).pipeline.plan({}, overwrite);
  };
  services.load = [](const Configuration& configuration, const LoadRequest& request,
                     const RunOptions& options, const RunHooks& hooks,
                     const std::stop_token& stop) {
    return run(PipelineSession(configuration, request, stop), configuration, options, hooks, stop);
  };
  services.extract = [](const Configuration& configuration, const RunOptions& options,
                        const RunHooks& hooks, const std::stop_token& stop) {
    return PipelineSession(configuration, stop).pipeline.stage(options, hooks, stop);
  };
  services.tell_run = [](const Configuration& configuration, const RunEnd& end,
                         const std::stop_token& stop) {
    return tell_run(configuration, end, system_clock(), stop);
  };
  services.export_parquet = [](const Configuration& configuration, const Selection& selection,
                               bool overwrite, ParquetCompression compression) {
    return PipelineSession(configuration)
        .pipeline.export_parquet(configuration.parquet_dir, selection, overwrite, compression);
  };
  services.load_remote = load_remote;
}

void wire_proofs(Services& services) {
  services.history = [](const Configuration& configuration, const Selection& selection) {
    return PipelineSession(configuration).pipeline.history(selection);
  };
  services.diff = [](const Configuration& configuration, const DiffRequest& request,
                     const std::stop_token& stop) {
    return compare_deliveries(LakeSession(configuration, stop).lake, configuration, request, stop);
  };
  services.receipts = [](const Configuration& configuration, const Selection& selection) {
    return PipelineSession(configuration).pipeline.receipts(selection);
  };
  services.verify = [](const Configuration& configuration, const Selection& selection,
                       std::stop_token stop) {
    return PipelineSession(configuration, stop).pipeline.verify(selection, stop);
  };
  services.rollback = [](const Configuration& configuration, const RollbackRequest& request) {
    PipelineSession session(configuration);
    RollbackReport report = session.pipeline.rollback(request);
    if (report.is_changed && !request.is_dry_run) publish_lake_views(session.lake, configuration);
    return report;
  };
  services.release = [](const Configuration& configuration, const Selection& selection) {
    PipelineSession session(configuration);
    auto released = session.pipeline.release(selection);
    publish_lake_views(session.lake, configuration);
    return released;
  };
  services.quarantine_summaries = [](const Configuration& configuration,
                                     const Selection& selection) {
    return read_quarantine_summaries(*LakeSession(configuration).lake.tables, selection);
  };
  services.quarantined_rows = [](const Configuration& configuration, const Selection& selection,
                                 std::uint64_t limit) {
    return read_quarantined_rows(*LakeSession(configuration).lake.tables, selection, limit);
  };
  services.replay_quarantine = [](const Configuration& configuration, const Selection& selection,
                                  bool dry_run, std::stop_token stop) {
    PipelineSession session(configuration, stop);
    auto reports = session.pipeline.replay(selection, dry_run, std::move(stop));
    if (!dry_run) publish_lake_views(session.lake, configuration);
    return reports;
  };
  services.waive_quarantine = [](const Configuration& configuration, const WaiverRequest& request) {
    return PipelineSession(configuration).pipeline.waive(request);
  };
}

}  // namespace

Services make_services() {
  Services services;
  wire_loading(services);
  wire_proofs(services);
  services.query = [](const Configuration& configuration, const QueryRequest& request,
                      ResultSink& sink, const std::stop_token& stop) {
    query_lake(LakeSession(configuration, stop).lake, configuration, request, sink, stop);
  };
  services.query_to_parquet = [](const Configuration& configuration, const QueryRequest& request,
                                 const std::string& path, const std::stop_token& stop) {
    return query_lake_to_parquet(LakeSession(configuration, stop).lake, configuration, request,
                                 path, stop);
  };
  wire_lake_care(services);
  services.migrate_journal = migrate_journal;
  services.clients = [](const Configuration& configuration) {
    return JournalSession(configuration).journal->clients();
  };
  services.change_client = change_client;
  services.remove_client = [](const Configuration& configuration,
                              const std::string& organization_id) {
    return JournalSession(configuration).journal->remove_client(organization_id);
  };
  services.serve = serve;
  wire_datasets(services);
  services.doctor = [](const Configuration& configuration) {
    return examine(configuration, system_clock());
  };
  services.selftest = run_selftest;
  services.generate_demo = [](const DemoOptions& options, const std::stop_token& stop) {
    return generate_demo_bills(options, stop);
  };
  services.generate_cloud_provider = [](const CloudProviderOptions& options,
                                        const std::stop_token& stop) {
    return generate_cloud_provider(options, stop);
  };
  return services;
}

}  // namespace finops
