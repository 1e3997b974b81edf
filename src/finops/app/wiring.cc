#include "finops/app/wiring.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "finops/app/aws_connections.h"
#include "finops/app/connectors.h"
#include "finops/app/doctor.h"
#include "finops/app/lake_care.h"
#include "finops/app/lake_queries.h"
#include "finops/app/lake_session.h"
#include "finops/app/notifying.h"
#include "finops/app/quarantine_reading.h"
#include "finops/cli/version.h"
#include "finops/core/error.h"

namespace finops {
namespace {

PipelineSettings settings_of(const Configuration& configuration, const AwsConnections& aws) {
  PipelineSettings settings;
  settings.thresholds = {
      .rows = configuration.quarantine.threshold_rows,
      .cost = configuration.quarantine.threshold_cost,
      .min_rows = static_cast<std::uint64_t>(configuration.quarantine.threshold_min_rows)};
  settings.memory_bytes = configuration.memory_limit;
  settings.lock_folder =
      (std::filesystem::path(configuration.data_dir) / "locks").lexically_normal().string();
  settings.staging_folder = configuration.staging_dir;
  settings.finops_version = std::string(finops_version());
  settings.retries = [&aws] { return aws.retries(); };
  return settings;
}

/// The objects of one command, in the order in which they need each other.
struct Session : LakeSession {
  explicit Session(const Configuration& configuration, std::stop_token stop = {},
                   ReadFrom place = ReadFrom::kBucket)
      : LakeSession(configuration, std::move(stop)),
        pipeline(make_exports(configuration, aws, place), *lake.tables,
                 settings_of(configuration, aws), system_clock()) {}

  Pipeline pipeline;
};

RunReport run(const Configuration& configuration, const RunOptions& options, const RunHooks& hooks,
              const std::stop_token& stop, ReadFrom place) {
  Session session(configuration, stop, place);
  RunHooks with_views = hooks;
  with_views.on_commit = [&] { publish_lake_views(session.lake, configuration); };
  RunReport report = session.pipeline.run(options, with_views, stop);
  // Also when nothing was loaded: an earlier run may have been killed before it published.
  publish_lake_views(session.lake, configuration);
  return report;
}

void wire_loading(Services& services) {
  services.plan = [](const Configuration& configuration, const Selection& selection,
                     bool overwrite) {
    return Session(configuration).pipeline.plan(selection, overwrite);
  };
  services.run_pipeline = [](const Configuration& configuration, const RunOptions& options,
                             const RunHooks& hooks, const std::stop_token& stop) {
    return run(configuration, options, hooks, stop, ReadFrom::kBucket);
  };
  services.load_local = [](const Configuration& configuration, const RunOptions& options,
                           const RunHooks& hooks, const std::stop_token& stop) {
    return run(configuration, options, hooks, stop, ReadFrom::kThisMachine);
  };
  services.extract = [](const Configuration& configuration, const RunOptions& options,
                        const RunHooks& hooks, const std::stop_token& stop) {
    return Session(configuration, stop).pipeline.stage(options, hooks, stop);
  };
  services.tell_run = [](const Configuration& configuration, const RunEnd& end,
                         const std::stop_token& stop) {
    return tell_run(configuration, end, system_clock(), stop);
  };
  services.export_parquet = [](const Configuration& configuration, const Selection& selection,
                               bool overwrite, ParquetCompression compression) {
    return Session(configuration)
        .pipeline.export_parquet(configuration.parquet_dir, selection, overwrite, compression);
  };
}

void wire_proofs(Services& services) {
  services.history = [](const Configuration& configuration, const Selection& selection) {
    return Session(configuration).pipeline.history(selection);
  };
  services.receipts = [](const Configuration& configuration, const Selection& selection) {
    return Session(configuration).pipeline.receipts(selection);
  };
  services.verify = [](const Configuration& configuration, const Selection& selection,
                       std::stop_token stop) {
    return Session(configuration, stop).pipeline.verify(selection, stop);
  };
  services.rollback = [](const Configuration& configuration, const RollbackRequest& request) {
    Session session(configuration);
    RollbackReport report = session.pipeline.rollback(request);
    if (report.is_changed && !request.is_dry_run) publish_lake_views(session.lake, configuration);
    return report;
  };
  services.release = [](const Configuration& configuration, const Selection& selection) {
    Session session(configuration);
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
  services.doctor = [](const Configuration& configuration) {
    return examine(configuration, system_clock());
  };
  services.generate_demo = [](const DemoOptions& options, const std::stop_token& stop) {
    return generate_demo_bills(options, stop);
  };
  return services;
}

}  // namespace finops
