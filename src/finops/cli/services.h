#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/config/configuration.h"
#include "finops/demo/cloud_provider_demo.h"
#include "finops/demo/demo_bills.h"
#include "finops/diff/bill_diff.h"
#include "finops/engines/sql_engine.h"
#include "finops/journal/job_journal.h"
#include "finops/lake/relocation.h"
#include "finops/medallion/dataset_quarantine.h"
#include "finops/medallion/dataset_report.h"
#include "finops/medallion/project_description.h"
#include "finops/medallion/trino_models.h"
#include "finops/pipeline/catalog_restoration.h"
#include "finops/pipeline/deep_check.h"
#include "finops/pipeline/lake_expiry.h"
#include "finops/pipeline/pipeline.h"
#include "finops/pipeline/problem_watch.h"
#include "finops/pipeline/quarantine_reading.h"
#include "finops/pipeline/warehouse_sync.h"
#include "finops/report/report_data.h"

namespace finops {

/// Which past a query sees: all tables as they were at a commit time, then single tables as of one
/// of their snapshots.
struct TimeTravel {
  std::optional<std::int64_t> at_ms;              // since 1970, UTC
  std::map<std::string, std::int64_t> snapshots;  // table, with or without its namespace → snapshot

  bool is_now() const { return !at_ms && snapshots.empty(); }
};

/// What a query asks of the lake.
struct QueryRequest {
  std::string sql;
  TimeTravel as_of;
};

/// A bill without a manifest: where it lies, and what was told of it.
struct LoadRequest {
  std::string location;  // a folder, a file, or the file:/// or s3:// URL of one
  std::string source;
  std::vector<std::string> formats;  // of what kind the bill is ("cur") and its files ("csv.gz")
  std::optional<BillingPeriod> period;
  std::string table;  // empty: as such bills are called
  bool is_recursive = false;
};

/// What of the lake a warehouse shall have.
struct RemoteRequest {
  Selection selection;
  bool overwrite = false, is_dry_run = false;
};

/// A project of datasets, and what of it.
struct DatasetRequest {
  std::string project;    // its folder
  std::string landing;    // a folder or a URL; empty: the project's own folder "landing"
  std::string semantics;  // empty: the project's default
  bool is_dry_run = false;
  bool rebuilds_all = false;
  bool is_for_trino = false;          // of checks: what is not portable is a mistake
  std::vector<std::string> datasets;  // of replays: only these; empty: all
};

/// Models of a project in the words of another engine.
struct DatasetSqlRequest {
  DatasetRequest of;    // project and semantics
  std::string catalog;  // the other engine's name of the lake; empty: the lake's own
  std::string model;    // empty: all
};

/// Quarantined rows of a project's datasets.
struct DatasetQuarantineRequest {
  DatasetRequest of;  // project and semantics
  medallion::QuarantineChoice choice;
  bool by_file = false;     // of summaries
  std::uint64_t limit = 0;  // of rows
};

/// One precondition of a working set-up.
struct DoctorCheck {
  enum class Result { kGood, kWarning, kBad };
  std::string subject;  // "lake folder", "source payer-a"
  Result result = Result::kGood;
  std::string finding;  // what was found
  std::string advice;   // what to do; empty when it is good
};

struct SelftestRequest {
  Selection selection;      // without months: the newest delivery of each source
  bool is_own = true;       // also deliveries of the exports, not only bills of known truth
  std::string work_folder;  // where the lakes of the test lie for a while; empty: data_dir
};

/// Which deliveries of a billing period to compare: of each (table, source) the current one with
/// the one that was current before, or those that are named.
struct DiffRequest {
  BillingPeriod period;
  std::vector<std::string> sources;  // all that have two
  std::string from, to;              // execution ids or unique beginnings; empty: as above
  std::size_t limit = 0;             // items of each list; 0: all
};

/// A delivery by its receipt.
struct ComparedDelivery {
  ExportId id;
  int revision = 1;
  std::int64_t recorded_ms = 0;
  std::uint64_t source_rows = 0, loaded_rows = 0, quarantined_rows = 0;
  std::map<std::string, ReceiptSum> cost;  // by currency
};

struct BillComparison {
  ComparedDelivery from, to;
  BillDiff diff;  // of the rows in the lake
};

struct LakeCheckRequest {
  bool is_deep = false;
  std::optional<Duration> remove_orphans_older_than;  // nothing: none is removed
};

/// `check` has the problems of all that was looked at.
struct LakeCheckReport {
  lake::LakeCheck check;
  std::optional<DeepCheck> deep;
  std::vector<lake::OrphanFile> removed;
  bool is_good() const { return check.problems.empty(); }
};

struct RelocationReport {
  bool is_dry_run = false;
  std::string from, to;  // roots of the lake, as URIs
  std::vector<lake::RelocatedTable> tables;
};

struct JournalMigrationReport {
  std::string journal;  // "sqlite:/srv/finops/journal.db", "mysql://db:3306/finops"
  journal::Migration migration;
};

/// What is copied for an organisation now.
struct ChangedClient {
  journal::ClientConfiguration client;
  std::string source, destination;  // whole names; empty where something is lacking
  std::string lacking;              // in words; empty: nothing
};

struct ServeRequest {
  bool migrates_journal = false;  // before it begins
};

/// All that commands can make the rest of finops do; app/ fills it in, tests put fakes. Every
/// function gets the configuration of its call, may be called once or more, and throws Error.
struct Services {
  std::function<RunPlan(const Configuration&, const Selection&, bool overwrite)> plan;
  using Run = std::function<RunReport(const Configuration&, const RunOptions&, const RunHooks&,
                                      std::stop_token)>;
  Run run_pipeline;  // the whole way of a bill
  Run load_local;    // only what lies on this machine: staged deliveries and file:// exports
  Run extract;       // downloads to the staging area, loads nothing
  /// The same for a bill without a manifest. kUsage for a request that no bill can answer.
  std::function<RunPlan(const Configuration&, const LoadRequest&, bool overwrite)> plan_load;
  std::function<RunReport(const Configuration&, const LoadRequest&, const RunOptions&,
                          const RunHooks&, std::stop_token)>
      load;
  /// Tells the people of [notify] what changed with this run of run_pipeline, where there is such a
  /// section. Throws nothing of its own accord: returns warnings.
  std::function<std::vector<std::string>(const Configuration&, const RunEnd&,
                                         const std::stop_token&)>
      tell_run;
  std::function<std::vector<ExportedFile>(const Configuration&, const Selection&, bool overwrite,
                                          ParquetCompression)>
      export_parquet;
  /// Makes the warehouse of the configuration equal to the lake. kInvalidConfig when there is none.
  std::function<WarehouseReport(const Configuration&, const RemoteRequest&,
                                const std::function<void(const RemotePeriod&)>& on_period,
                                const std::stop_token&)>
      load_remote;
  std::function<std::vector<HistoryEntry>(const Configuration&, const Selection&)> history;
  std::function<std::vector<BillComparison>(const Configuration&, const DiffRequest&,
                                            const std::stop_token&)>
      diff;
  std::function<std::vector<Receipt>(const Configuration&, const Selection&)> receipts;
  std::function<std::vector<VerifyReport>(const Configuration&, const Selection&, std::stop_token)>
      verify;

  std::function<RollbackReport(const Configuration&, const RollbackRequest&)> rollback;
  std::function<std::vector<ReleaseReport>(const Configuration&, const Selection&)> release;

  std::function<void(const Configuration&, const QueryRequest&, ResultSink&, std::stop_token)>
      query;
  /// Writes the result as one Parquet file; returns its rows.
  std::function<std::int64_t(const Configuration&, const QueryRequest&, const std::string& path,
                             std::stop_token)>
      query_to_parquet;

  std::function<std::vector<QuarantineSummary>(const Configuration&, const Selection&)>
      quarantine_summaries;
  /// In the order of file and line; at most `limit`.
  std::function<std::vector<QuarantinedRow>(const Configuration&, const Selection&,
                                            std::uint64_t limit)>
      quarantined_rows;
  std::function<std::vector<ReplayReport>(const Configuration&, const Selection&, bool dry_run,
                                          std::stop_token)>
      replay_quarantine;
  std::function<WaiverReport(const Configuration&, const WaiverRequest&)> waive_quarantine;

  std::function<LakeExpiry(const Configuration&, bool dry_run)> expire_lake;
  std::function<LakeCheckReport(const Configuration&, const LakeCheckRequest&, std::stop_token)>
      check_lake;
  /// `from`: a folder or a URI.
  std::function<RelocationReport(const Configuration&, const std::string& from, bool dry_run)>
      relocate_lake;
  /// `choices`: table → metadata file.
  std::function<CatalogRestoration(const Configuration&,
                                   const std::map<std::string, std::string>& choices, bool dry_run)>
      restore_catalog;

  std::function<JournalMigrationReport(const Configuration&, const std::stop_token&)>
      migrate_journal;

  /// What the service copies for whom.
  std::function<std::vector<journal::ClientConfiguration>(const Configuration&)> clients;
  /// Adds or changes the client with this id; what `change` throws is thrown. kInvalidConfig when
  /// its copy would be another's.
  std::function<ChangedClient(const Configuration&, const std::string& organization_id,
                              const std::function<void(journal::ClientConfiguration&)>& change)>
      change_client;
  std::function<bool(const Configuration&, const std::string& organization_id)> remove_client;
  /// Runs the job service until a stop is requested; its log goes to the stream.
  std::function<void(const Configuration&, const ServeRequest&, std::ostream& log,
                     const std::stop_token&)>
      serve;

  std::function<medallion::DatasetRunReport(const Configuration&, const DatasetRequest&,
                                            const std::function<void(const std::string&)>& on_stage,
                                            const std::stop_token&)>
      run_datasets;
  /// The same over the landing files that bronze has; a dry run makes everything and commits
  /// nothing.
  std::function<medallion::DatasetRunReport(const Configuration&, const DatasetRequest&,
                                            const std::function<void(const std::string&)>& on_stage,
                                            const std::stop_token&)>
      replay_datasets;
  std::function<medallion::ProjectQuarantine(const Configuration&, const DatasetQuarantineRequest&,
                                             const std::stop_token&)>
      dataset_quarantine;
  std::function<std::vector<medallion::QuarantinedRecord>(
      const Configuration&, const DatasetQuarantineRequest&, const std::stop_token&)>
      dataset_quarantined_rows;
  std::function<medallion::DatasetWaiverReport(const Configuration&, const DatasetRequest&,
                                               const medallion::DatasetWaiverRequest&,
                                               const std::stop_token&)>
      waive_datasets;
  std::function<medallion::ProjectDescription(const Configuration&, const DatasetRequest&)>
      describe_datasets;
  /// Of the semantics that is named, or of all.
  std::function<std::vector<medallion::ProjectDescription>(const Configuration&,
                                                           const DatasetRequest&)>
      check_datasets;
  std::function<std::vector<medallion::TrinoModel>(const Configuration&, const DatasetSqlRequest&)>
      trino_models;
  /// Of the tables in the lake as they are. kUsage when no run has made any.
  std::function<report::ReportData(const Configuration&, const DatasetRequest&,
                                   const std::stop_token&)>
      read_report;

  std::function<std::vector<DoctorCheck>(const Configuration&)> doctor;
  std::function<std::vector<DoctorCheck>(const Configuration&, const SelftestRequest&,
                                         const RunHooks&, const std::stop_token&)>
      selftest;
  std::function<DemoSummary(const DemoOptions&, std::stop_token)> generate_demo;
  std::function<CloudProviderSummary(const CloudProviderOptions&, std::stop_token)>
      generate_cloud_provider;
};

}  // namespace finops
