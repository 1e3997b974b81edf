#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/core/billing_period.h"
#include "finops/core/clock.h"
#include "finops/core/decimal.h"
#include "finops/core/turns.h"
#include "finops/lake/lake.h"
#include "finops/ledger/ledger.h"
#include "finops/ledger/receipt.h"
#include "finops/pipeline/cost_change.h"
#include "finops/pipeline/quarantine_replay.h"
#include "finops/pipeline/quarantine_waiver.h"
#include "finops/pipeline/rollback.h"
#include "finops/pipeline/run_report.h"
#include "finops/sources/billing_source.h"
#include "finops/stores/object_store.h"
#include "finops/tabular/bill_converter.h"
#include "finops/tabular/parquet_writing.h"

namespace finops {

/// One configured export, ready to be read.
struct PipelineExport {
  std::string name;      // the `source`
  std::string table;     // of namespace billing; empty: as what is delivered is called
  std::string location;  // for people: "file:///…/cur/export"
  std::shared_ptr<ObjectStore> bucket;
  std::shared_ptr<BillingSource> source;
  bool is_remote = false;     // deliveries can be staged; what lies on this machine never is
  bool keep_staging = false;  // a load keeps what it downloads in the staging area
  /// Months may be loaded although another source has the same payer's in the same table.
  bool allow_overlap = false;
  /// Without a newer delivery for so long the source is reported as stale; 0: never.
  std::chrono::seconds max_age{0};
  int closed_after_days = kClosedAfterDays;  // is_closed()
};

/// Where delivered files can be read again.
struct DeliveredPlace {
  std::shared_ptr<ObjectStore> bucket;
  bool is_remote = false;
};

/// The table of namespace billing that a delivery goes to.
std::string table_of(const PipelineExport& from, const Delivery& delivery);

/// What decides whether a delivery with faulty rows is published: above a share, it is refused.
struct QuarantineThresholds {
  Decimal rows, cost;
  std::uint64_t min_rows = 10;
};

struct PipelineSettings {
  QuarantineThresholds thresholds;
  std::uint64_t memory_bytes = 512ull << 20;
  unsigned threads = 0;
  /// Longest quoted cell of CSV: a rule that is a version's own, so that rows which one version set
  /// aside fit another.
  std::size_t cell_limit = ConvertOptions().cell_limit;
  std::string lock_folder;  // where lock files live
  std::string staging_folder;
  std::string finops_version;  // refusals are judged again by another version
  /// Whether months of a source may come back, or get more rows, although another one has the same
  /// payer's in the same table; also asked of sources that are configured no more. Empty: never.
  std::function<bool(const std::string& source)> allows_overlap;
  std::function<std::uint64_t()> retries;  // requests that were sent again so far, for reports
  /// Opens the place of a delivery that had no manifest, by the URI in the ledger.
  std::function<DeliveredPlace(const std::string& uri)> open_place;
};

/// Which exports and periods a command is about; everything by default.
struct Selection {
  std::vector<std::string> sources;
  std::optional<BillingPeriod> first, last;
};

struct RunOptions {
  Selection selection;
  bool overwrite = false;  // load again what is current; let an empty delivery replace rows
};

/// Where a run is. `phase` is "stage", "load", "verify" or "commit"; totals are 0 while unknown.
struct Progress {
  std::string partition, phase;
  std::uint64_t bytes_done = 0, bytes_total = 0, rows = 0;
};

struct RunHooks {
  std::function<void(const Progress&)> on_progress;
  std::function<void(const PartitionReport&)> on_partition;
  /// After each commit: may publish the DuckDB views. May throw; the load stays done.
  std::function<void()> on_commit;
};

struct ExportedFile {
  std::string path, period;
  std::string outcome;  // "written", "unchanged"
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;
};

/// A delivery, and what it did to its month's cost when it took the place of another.
struct HistoryEntry {
  DeliveryRecord record;  // without its receipt
  std::optional<CostChange> cost_change;
};

struct VerifyReport {
  ExportId id;
  enum class Verdict { kAgrees, kDiffers, kCannotBeVerified } verdict = Verdict::kAgrees;
  std::uint64_t rows = 0;
  std::vector<std::string> differences;  // each names what, expected and found
  std::string message;
};

/// When a load may go on, of those that run at once.
struct LoadTurns {
  Turns::Turn& columns;  // to give its columns names: in the order of the plan
  Turns::Turn& commit;   // to be committed: of the loads of one table and period, in that order
};

/// Bills on their way into the lake: discover, plan, load with proof, commit. Everything that a run
/// changes is changed by one catalog swap per (source, period), so a killed run leaves the old
/// state or the new one. One run at a time per object; runs in other processes are kept apart by
/// lock files. Several partitions are loaded at once as far as the memory limit allows; hooks are
/// called by one thread at a time.
class Pipeline {
 public:
  Pipeline(std::vector<PipelineExport> exports, lake::Lake& lake, PipelineSettings settings,
           Clock& clock);

  /// What run() would do. Reads manifests and the ledger only.
  RunPlan plan(const Selection& selection, bool overwrite = false);

  RunReport run(const RunOptions& options, const RunHooks& hooks, std::stop_token stop);

  /// Downloads what run() would load to the staging area and loads nothing.
  RunReport stage(const RunOptions& options, const RunHooks& hooks, std::stop_token stop);

  /// One Parquet file per period, written beside and renamed; skipped when it already holds the
  /// lake's rows.
  std::vector<ExportedFile> export_parquet(const std::string& output_folder,
                                           const Selection& selection, bool overwrite,
                                           ParquetCompression compression);

  /// The ledger's rows, oldest first, also of exports that are configured no more.
  std::vector<HistoryEntry> history(const Selection& selection);
  std::vector<Receipt> receipts(const Selection& selection);  // of current deliveries
  std::vector<VerifyReport> verify(const Selection& selection, std::stop_token stop);

  RollbackReport rollback(const RollbackRequest& request);  // roll_back()
  /// Reads the quarantined rows of current deliveries again; one that cannot be tried stops no
  /// other.
  std::vector<ReplayReport> replay(const Selection& selection, bool dry_run, std::stop_token stop);
  WaiverReport waive(const WaiverRequest& request);  // waive_quarantine()
  /// Lets newer deliveries of the selection in again.
  std::vector<ReleaseReport> release(const Selection& selection);

 private:
  struct Work;
  /// Carries out one of several that may run at once, within its share of the memory.
  using Step = std::function<PartitionReport(const Work&, const PipelineSettings& share,
                                             const RunHooks& hooks, LoadTurns turns)>;
  /// What there is to do, and beside it what people should know of the sources.
  struct FoundWork {
    std::vector<Work> work;
    std::vector<StaleSource> stale;
    std::vector<std::string> notes;
  };
  FoundWork find_work(const Selection& selection, bool overwrite);
  static void refuse_overlaps(std::vector<Work>& work, const Ledger& ledger);
  static void refuse_later_of_two(std::vector<Work>& work);
  static void size_up(Work& work);
  class TurnsOfMonths;
  RunReport for_all(const RunOptions& options, const RunHooks& hooks, const std::stop_token& stop,
                    const Step& step);
  PartitionReport carry_out(const Work& work,
                            const std::function<PartitionReport(const Work&)>& step);
  PartitionReport until_it_stands_still(Work work,
                                        const std::function<PartitionReport(const Work&)>& step);
  PartitionReport stage_one(const Work& work, const RunHooks& hooks, const std::stop_token& stop);
  std::vector<const PipelineExport*> selected(const Selection& selection) const;
  CostJudgement judgement_of(const ExportId& id);
  std::vector<DeliveryRecord> ledger_records(const Selection& selection, bool with_receipts);

  std::vector<PipelineExport> exports_;
  lake::Lake& lake_;
  PipelineSettings settings_;
  Clock& clock_;
};

}  // namespace finops
