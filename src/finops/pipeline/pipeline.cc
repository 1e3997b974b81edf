#include "finops/pipeline/pipeline.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/parallel.h"
#include "finops/pipeline/delivery_decision.h"
#include "finops/pipeline/delivery_rows.h"
#include "finops/pipeline/overlap.h"
#include "finops/pipeline/partition_load.h"
#include "finops/pipeline/partition_lock.h"
#include "finops/pipeline/stage_times.h"
#include "finops/pipeline/staged_delivery.h"
#include "finops/pipeline/table_columns.h"
#include "finops/sources/delivered_files.h"

namespace finops {

/// One (source, period) of a plan, with what is needed to carry it out.
struct Pipeline::Work {
  PlanItem item;
  const PipelineExport* from = nullptr;
  std::optional<Delivery> delivery;
  BillMark before_reading;  // what is known of its bill
};

namespace {

using RecordsByPartition =
    std::map<std::tuple<std::string, std::string, std::string>, std::vector<DeliveryRecord>>;

RecordsByPartition records_by_partition(lake::Lake& lake) {
  RecordsByPartition records;
  for (auto& record : Ledger(lake).records(false)) {
    const ExportId& id = record.id;
    records[{id.table, id.source, id.partition}].push_back(std::move(record));
  }
  return records;
}

/// Requests, or exports with eight requests each: buckets are far away.
constexpr std::size_t kRequestsAtOnce = 8, kExportsAtOnce = 4;

/// What an export has, or why that could not be found out.
struct Discovered {
  FoundManifests found;
  std::optional<Error> error;

  FoundManifests take() {
    if (error) throw Error(*error);
    return std::move(found);
  }
};

std::vector<Discovered> discover_all(const std::vector<const PipelineExport*>& exports,
                                     const PeriodRange& range) {
  std::vector<Discovered> all(exports.size());
  for_each_at_once(exports.size(), kExportsAtOnce, [&](std::size_t i) {
    try {
      all[i].found = exports[i]->source->discover(range);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      all[i].error = error;
    }
  });
  return all;
}

PlanItem broken(const PipelineExport& from, const std::string& period, const std::string& manifest,
                ErrorKind kind, const std::string& message) {
  PlanItem item;
  item.id = {from.table, from.name, period, ""};
  item.action = PlanAction::kBroken;
  item.manifest_key = manifest;
  item.reason = message;
  item.error_kind = kind;
  return item;
}

const std::vector<DeliveryRecord>& records_of(const RecordsByPartition& known, const ExportId& id) {
  static const std::vector<DeliveryRecord> none;
  const auto records = known.find({id.table, id.source, id.partition});
  return records == known.end() ? none : records->second;
}

PlanItem planned(const PipelineExport& from, const Delivery& delivery,
                 const RecordsByPartition& known, const std::string& rules, bool overwrite) {
  PlanItem item;
  const std::string table = table_of(from, delivery);
  item.id = {table, from.name, delivery.period.to_string(), delivery.version};
  item.manifest_key = delivery.manifest_key;
  item.files = delivery.files.size();
  const auto& of_partition = records_of(known, item.id);
  Decision decision = decide(delivery, of_partition, rules, overwrite);
  item.action = decision.action;
  item.reason = std::move(decision.reason);
  if (const auto* current = current_delivery(of_partition)) {
    item.current_version = current->id.version;
  }
  return item;
}

bool reads_files(PlanAction action) {
  return action == PlanAction::kLoad || action == PlanAction::kReplace ||
         action == PlanAction::kCheck;
}

PartitionReport report_of(const PlanItem& item, Outcome outcome) {
  PartitionReport report;
  report.id = item.id;
  report.outcome = outcome;
  report.error_kind = item.error_kind;
  if (outcome != Outcome::kUnchanged) report.message = item.reason;
  return report;
}

/// Of what a plan leaves as it is.
Outcome outcome_of(PlanAction action) {
  switch (action) {
    case PlanAction::kBroken: return Outcome::kFailed;
    case PlanAction::kRefused: return Outcome::kRefused;
    case PlanAction::kHeld: return Outcome::kHeld;
    default: return Outcome::kUnchanged;
  }
}

/// Most of a load of a small month is waiting for the store and for the disk; one of a large month
/// uses all processors by itself, and less memory slows it down.
std::size_t loads_at_once(std::size_t loads, std::uint64_t memory) {
  constexpr std::uint64_t kLeastMemory = 120'000'000;
  constexpr std::size_t kMost = 3;
  const std::size_t that_fit = std::max<std::size_t>(1, memory / kLeastMemory);
  return std::clamp<std::size_t>(loads, 1, std::min(that_fit, kMost));
}

RunHooks one_at_a_time(const RunHooks& hooks, std::mutex& mutex) {
  RunHooks locked;
  if (hooks.on_progress) {
    locked.on_progress = [&](const Progress& progress) {
      const std::lock_guard lock(mutex);
      hooks.on_progress(progress);
    };
  }
  return locked;
}

/// Tells the caller, and publishes what is new.
void finish(PartitionReport& report, const RunHooks& hooks, RunReport& run) {
  const bool is_published =
      report.outcome == Outcome::kLoaded || report.outcome == Outcome::kReplaced;
  run.is_changed |= is_published || report.outcome == Outcome::kStaged;
  if (hooks.on_commit && (is_published || report.outcome == Outcome::kRefused)) {
    try {
      hooks.on_commit();
    } catch (const Error& error) {
      report.warnings.push_back(std::string("loaded, but the views were not published: ") +
                                error.what() + "; the next run repairs them");
    }
  }
  if (hooks.on_partition) hooks.on_partition(report);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

std::string table_of(const PipelineExport& from, const Delivery& delivery) {
  return from.table.empty() ? delivery.dictionary->default_table() : from.table;
}

Pipeline::Pipeline(std::vector<PipelineExport> exports, lake::Lake& lake, PipelineSettings settings,
                   Clock& clock)
    : exports_(std::move(exports)), lake_(lake), settings_(std::move(settings)), clock_(clock) {}

std::vector<const PipelineExport*> Pipeline::selected(const Selection& selection) const {
  std::string names;
  for (const auto& configured : exports_) names += (names.empty() ? "" : ", ") + configured.name;
  for (const auto& wanted : selection.sources) {
    if (std::ranges::find(exports_, wanted, &PipelineExport::name) != exports_.end()) continue;
    throw Error(ErrorKind::kUsage, "no export is called '" + wanted + "'; one of: " + names);
  }
  std::vector<const PipelineExport*> chosen;
  for (const auto& configured : exports_) {
    const bool is_wanted =
        selection.sources.empty() ||
        std::ranges::find(selection.sources, configured.name) != selection.sources.end();
    if (is_wanted) chosen.push_back(&configured);
  }
  return chosen;
}

Pipeline::FoundWork Pipeline::find_work(const Selection& selection, bool overwrite) {
  const auto exports = selected(selection);
  const RecordsByPartition known = records_by_partition(lake_);
  FoundWork all;
  std::vector<Work>& work = all.work;
  const PeriodRange range{selection.first, selection.last};
  std::vector<Discovered> discovered = discover_all(exports, range);
  for (std::size_t i = 0; i < exports.size(); ++i) {
    const auto* from = exports[i];
    try {
      FoundManifests found = discovered[i].take();
      if (can_judge_freshness(range, clock_.now())) {
        auto old = judge_freshness(from->name, from->max_age, found.newest_manifest, clock_.now());
        if (old) all.stale.push_back(std::move(*old));
      }
      for (const auto& note : found.notes) all.notes.push_back(from->name + ": " + note);
      for (const auto& failure : found.failures) {
        const std::string period = failure.period ? failure.period->to_string() : "";
        work.push_back({broken(*from, period, failure.manifest_key, failure.kind, failure.message),
                        from, std::nullopt});
      }
      for (auto& delivery : found.deliveries) {
        PlanItem item = planned(*from, delivery, known, judged_by(settings_), overwrite);
        BillMark mark = mark_before_reading(delivery, records_of(known, item.id));
        work.push_back({std::move(item), from, std::move(delivery), std::move(mark)});
      }
    } catch (const Error& error) {
      work.push_back({broken(*from, "", "", error.kind(), error.what()), from, std::nullopt});
    }
  }
  refuse_overlaps(work, Ledger(lake_));
  std::ranges::stable_sort(work, {}, [](const Work& one) {
    return std::pair(one.item.id.partition, one.item.id.source);
  });
  return all;
}

/// What is known to overlap before it is read.
void Pipeline::refuse_overlaps(std::vector<Work>& work, const Ledger& ledger) {
  std::map<std::string, std::vector<BillInLake>> bills;
  const auto bills_of = [&](const std::string& period) -> const std::vector<BillInLake>& {
    const auto known = bills.find(period);
    if (known != bills.end()) return known->second;
    return bills[period] = bills_of_period(ledger, period);
  };
  for (Work& one : work) {
    const bool is_new =
        one.item.action == PlanAction::kLoad || one.item.action == PlanAction::kReplace;
    if (!is_new || one.from->allow_overlap || one.before_reading.payers.empty()) continue;
    const auto why = overlap_of(one.item.id, one.before_reading, bills_of(one.item.id.partition));
    if (!why) continue;
    one.item.action = PlanAction::kRefused;
    one.item.reason = *why;
  }
}

/// Of two deliveries of one account's month that would both be loaded, as the run does it.
void Pipeline::refuse_later_of_two(std::vector<Work>& work) {
  std::vector<BillInLake> earlier;
  for (Work& one : work) {
    if (!reads_files(one.item.action) || one.before_reading.payers.empty()) continue;
    std::vector<BillInLake> of_month = earlier;
    std::erase_if(of_month, [&](const BillInLake& bill) {
      return bill.id.partition != one.item.id.partition;
    });
    const auto why = one.from->allow_overlap || !one.item.current_version.empty()
                         ? std::nullopt
                         : overlap_of(one.item.id, one.before_reading, of_month);
    if (why) {
      one.item.action = PlanAction::kRefused;
      one.item.reason = "once the deliveries before are loaded: " + *why;
    } else {
      earlier.push_back({one.item.id, one.before_reading});
    }
  }
}

/// What there is to read for it.
void Pipeline::size_up(Work& work) {
  PlanItem& item = work.item;
  if (!work.delivery || !reads_files(item.action)) return;
  try {
    const auto objects = check_files(*work.from->bucket, *work.delivery);
    item.files = objects.size();
    for (const auto& object : objects) item.bytes += object.size;
  } catch (const Error& error) {
    item.action = PlanAction::kBroken;
    item.error_kind = error.kind();
    item.reason = error.what();
  }
}

RunPlan Pipeline::plan(const Selection& selection, bool overwrite) {
  FoundWork all = find_work(selection, overwrite);
  refuse_later_of_two(all.work);
  RunPlan plan{{}, std::move(all.notes)};
  for_each_at_once(all.work.size(), kRequestsAtOnce, [&](std::size_t i) { size_up(all.work[i]); });
  for (Work& work : all.work) plan.items.push_back(std::move(work.item));
  return plan;
}

RunReport Pipeline::run(const RunOptions& options, const RunHooks& hooks, std::stop_token stop) {
  return for_all(options, hooks, stop,
                 [&](const Work& work, const PipelineSettings& share, const RunHooks& shared_hooks,
                     LoadTurns turns) {
                   PartitionLoad load(lake_, share, clock_, *work.from, *work.delivery,
                                      options.overwrite, shared_hooks, stop, turns);
                   return load.run();
                 });
}

RunReport Pipeline::stage(const RunOptions& options, const RunHooks& hooks, std::stop_token stop) {
  return for_all(options, hooks, stop,
                 [&](const Work& work, const PipelineSettings&, const RunHooks& shared_hooks,
                     LoadTurns) { return stage_one(work, shared_hooks, stop); });
}

PartitionReport Pipeline::stage_one(const Work& work, const RunHooks& hooks,
                                    const std::stop_token& stop) {
  const PipelineExport& from = *work.from;
  PartitionReport report = report_of(work.item, Outcome::kUnchanged);
  if (!from.is_remote) {
    report.message = "it lies on this machine and is read in place";
    return report;
  }
  const ExportId& id = work.item.id;
  const auto lock = PartitionLock::try_take(settings_.lock_folder, id);
  if (!lock) {
    report.outcome = Outcome::kLocked;
    report.message = "another run of finops is loading it; nothing was done here";
    return report;
  }
  const auto objects = check_files(*from.bucket, *work.delivery);
  StagedDelivery staged(settings_.staging_folder, from.name, *work.delivery, objects, from.bucket);
  report.files = objects.size();
  for (const auto& object : objects) report.compressed_bytes += object.size;
  if (staged.is_complete()) {
    report.message = "staged already in " + staged.folder();
    return report;
  }
  Progress progress{.partition = id.partition_name(), .phase = "stage"};
  progress.bytes_done = staged.present_bytes();
  progress.bytes_total = report.compressed_bytes;
  const auto on_bytes = [&](std::uint64_t bytes) {
    progress.bytes_done += bytes;
    if (hooks.on_progress) hooks.on_progress(progress);
  };
  staged.download(on_bytes, stop);
  if (!from.source->is_unchanged(*work.delivery)) throw changed_while("downloaded", *work.delivery);
  staged.complete(stop);
  report.outcome = Outcome::kStaged;
  report.message = staged.folder();
  return report;
}

/// A delivery that is replaced while it is read is looked up and read again, a few times: refreshes
/// of a large bill take minutes, not hours.
PartitionReport Pipeline::until_it_stands_still(
    Work work, const std::function<PartitionReport(const Work&)>& step) {
  constexpr int kMostTimes = 3;
  for (int times = 1;; ++times) {
    try {
      return step(work);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kConflict || times == kMostTimes) throw;
    }
    const BillingPeriod period = work.delivery->period;
    FoundManifests found = work.from->source->discover({period, period});
    if (!found.failures.empty()) {
      throw Error(found.failures.front().kind, found.failures.front().message);
    }
    if (found.deliveries.empty()) {
      throw Error(ErrorKind::kNotFound,
                  "the delivery went away while it was read; run the same command again later");
    }
    work.delivery = std::move(found.deliveries.front());
    work.item.id.version = work.delivery->version;
  }
}

PartitionReport Pipeline::carry_out(const Work& work,
                                    const std::function<PartitionReport(const Work&)>& step) {
  const auto begin = std::chrono::steady_clock::now();
  PartitionReport report;
  try {
    report = until_it_stands_still(work, step);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
    report = report_of(work.item, Outcome::kFailed);
    report.error_kind = error.kind();
    report.message = error.what();
  }
  report.seconds = seconds_since(begin);
  return report;
}

/// Turns among the work on one table and period.
class Pipeline::TurnsOfMonths {
 public:
  explicit TurnsOfMonths(const std::vector<Work>& all) {
    std::map<Month, std::size_t> counts;
    for (const Work& work : all) {
      const Month month{work.item.id.table, work.item.id.partition};
      places_.emplace_back(month, counts[month]++);
    }
    for (const auto& [month, count] : counts) turns_.try_emplace(month, count);
  }

  Turns& turns_of(std::size_t work) { return turns_.at(places_[work].first); }
  std::size_t number_of(std::size_t work) const { return places_[work].second; }

 private:
  using Month = std::pair<std::string, std::string>;
  std::vector<std::pair<Month, std::size_t>> places_;
  std::map<Month, Turns> turns_;
};

RunReport Pipeline::for_all(const RunOptions& options, const RunHooks& hooks,
                            const std::stop_token& stop, const Step& step) {
  const auto start = std::chrono::steady_clock::now();
  StageTimes times(settings_.retries);
  RunReport run;
  FoundWork found = find_work(options.selection, options.overwrite);
  const std::vector<Work> all = std::move(found.work);
  run.stale = std::move(found.stale);
  run.notes = std::move(found.notes);
  times.end("discover");
  const auto loads = static_cast<std::size_t>(
      std::ranges::count_if(all, [](const Work& work) { return reads_files(work.item.action); }));
  const std::size_t at_once = loads_at_once(loads, settings_.memory_bytes);
  PipelineSettings share = settings_;
  // Each also holds what it reads and writes at the moment, which its share does not count.
  if (at_once > 1) share.memory_bytes = settings_.memory_bytes / at_once / 16 * 7;
  std::mutex mutex;
  const RunHooks shared_hooks = one_at_a_time(hooks, mutex);
  Turns turns(all.size());
  TurnsOfMonths of_month(all);
  run.partitions.resize(all.size());
  for_each_at_once(all.size(), at_once, [&](std::size_t i) {
    const Work& work = all[i];
    Turns::Turn turn(turns, i), commit_turn(of_month.turns_of(i), of_month.number_of(i));
    if (stop.stop_requested()) throw Error(ErrorKind::kCancelled, "interrupted");
    PartitionReport report =
        reads_files(work.item.action)
            ? carry_out(work,
                        [&](const Work& now) {
                          return step(now, share, shared_hooks, {turn, commit_turn});
                        })
            : report_of(work.item, outcome_of(work.item.action));
    const std::lock_guard lock(mutex);
    finish(report, hooks, run);
    run.partitions[i] = std::move(report);
  });
  std::uint64_t bytes = 0, rows = 0;
  for (const auto& one : run.partitions) {
    bytes += one.compressed_bytes;
    rows += one.source_rows;
  }
  times.end("deliveries", bytes, rows);
  run.stages = times.stages();
  run.seconds = seconds_since(start);
  return run;
}

std::vector<DeliveryRecord> Pipeline::ledger_records(const Selection& selection,
                                                     bool with_receipts) {
  std::vector<DeliveryRecord> records = Ledger(lake_).records(with_receipts);
  std::erase_if(records, [&](const DeliveryRecord& record) {
    const bool is_other_source =
        !selection.sources.empty() &&
        std::ranges::find(selection.sources, record.id.source) == selection.sources.end();
    const auto period = BillingPeriod::parse(record.id.partition);
    const PeriodRange range{selection.first, selection.last};
    return is_other_source || (period && !range.contains(*period));
  });
  return records;
}

CostJudgement Pipeline::judgement_of(const ExportId& id) {
  const auto from = std::ranges::find(exports_, id.source, &PipelineExport::name);
  const lake::TableName table{"billing", id.table};
  CostJudgement judgement;
  if (lake_.has_table(table)) judgement.cost_column = cost_column_of(lake_.view(table));
  if (from != exports_.end()) judgement.closed_after_days = from->closed_after_days;
  return judgement;
}

std::vector<HistoryEntry> Pipeline::history(const Selection& selection) {
  using Partition = std::tuple<std::string, std::string, std::string>;
  std::map<Partition, Receipt> current;  // while the ledger is gone through
  std::map<std::pair<std::string, std::string>, CostJudgement> judgements;
  std::vector<HistoryEntry> entries;
  for (DeliveryRecord& record : ledger_records(selection, true)) {
    const ExportId& id = record.id;
    std::optional<CostChange> change;
    if (record.state != DeliveryState::kRefused) {
      Receipt receipt = receipt_from_json(record.receipt);
      auto [before, is_first] = current.try_emplace({id.table, id.source, id.partition});
      if (!is_first) {
        auto [judgement, is_new] = judgements.try_emplace({id.table, id.source});
        if (is_new) judgement->second = judgement_of(id);
        change = cost_change(before->second, receipt, TimePoint(Duration(record.recorded_ms)),
                             judgement->second);
      }
      before->second = std::move(receipt);
    }
    record.receipt.clear();
    entries.push_back({std::move(record), std::move(change)});
  }
  return entries;
}

RollbackReport Pipeline::rollback(const RollbackRequest& request) {
  return roll_back(lake_, settings_, clock_, request);
}

std::vector<ReplayReport> Pipeline::replay(const Selection& selection, bool dry_run,
                                           std::stop_token stop) {
  std::vector<ReplayReport> reports;
  for (const auto& record : ledger_records(selection, false)) {
    if (record.state != DeliveryState::kCurrent || record.quarantined_rows == 0) continue;
    if (stop.stop_requested()) throw Error(ErrorKind::kCancelled, "interrupted");
    try {
      reports.push_back(replay_quarantine(lake_, settings_, clock_, record.id, dry_run, stop));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      ReplayReport report{.id = record.id, .revision = record.revision};
      report.rows = record.quarantined_rows;
      report.error_kind = error.kind();
      report.message = error.what();
      reports.push_back(std::move(report));
    }
  }
  return reports;
}

WaiverReport Pipeline::waive(const WaiverRequest& request) {
  return waive_quarantine(lake_, settings_.lock_folder, clock_, request);
}

std::vector<ReleaseReport> Pipeline::release(const Selection& selection) {
  std::vector<DeliveryRecord> held = ledger_records(selection, false);
  std::erase_if(held, [](const DeliveryRecord& record) { return record.hold.empty(); });
  return release_holds(lake_, settings_.lock_folder, held);
}

std::vector<Receipt> Pipeline::receipts(const Selection& selection) {
  std::vector<Receipt> receipts;
  for (const auto& record : ledger_records(selection, true)) {
    if (record.state != DeliveryState::kCurrent) continue;
    receipts.push_back(receipt_from_json(record.receipt));
  }
  std::ranges::sort(receipts, {}, &Receipt::id);
  return receipts;
}

}  // namespace finops
