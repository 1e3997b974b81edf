#include "finops/pipeline/partition_load.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/parallel.h"
#include "finops/core/sha256.h"
#include "finops/pipeline/delivery_decision.h"
#include "finops/pipeline/one_bill_check.h"
#include "finops/pipeline/overlap.h"
#include "finops/pipeline/partition_history.h"
#include "finops/pipeline/partition_lock.h"
#include "finops/pipeline/quarantine_writer.h"
#include "finops/pipeline/read_ahead.h"
#include "finops/sources/column_naming.h"
#include "finops/sources/delivered_files.h"

namespace finops {
namespace {

constexpr std::size_t kHeadersAtOnce = 8;  // through the network
/// Of the memory limit: what was read for the headers.
constexpr std::uint64_t kShareOfHeads = 16;

}  // namespace

PartitionLoad::PartitionLoad(lake::Lake& lake, const PipelineSettings& settings, Clock& clock,
                             const PipelineExport& from, const Delivery& delivery, bool overwrite,
                             const RunHooks& hooks, std::stop_token stop, LoadTurns turns)
    : lake_(lake),
      settings_(settings),
      clock_(clock),
      from_(from),
      delivery_(delivery),
      overwrite_(overwrite),
      hooks_(hooks),
      stop_(std::move(stop)),
      turns_(turns),
      times_(settings.retries),
      table_{"billing", table_of(from, delivery)},
      partition_{from.name, delivery.period.to_string()},
      snapshot_id_(lake::new_snapshot_id()),
      id_{table_.name, from.name, delivery.period.to_string(), delivery.version},
      pending_(lake.store()) {}

PartitionReport PartitionLoad::run() {
  const auto lock = PartitionLock::try_take(settings_.lock_folder, id_);
  if (!lock) {
    return report_of(Outcome::kLocked,
                     "another run of finops is loading it; nothing was done here");
  }
  ledger_ = Ledger(lake_).partition(partition_);
  records_ = ledger_.records;
  std::erase_if(records_, [&](const DeliveryRecord& r) { return r.id.table != table_.name; });
  // Again, under the lock: another run may have loaded it since this one made its plan.
  const Decision decision = decide(delivery_, records_, judged_by(settings_), overwrite_);
  switch (decision.action) {
    case PlanAction::kNothing: return report_of(Outcome::kUnchanged);
    case PlanAction::kRefused: return report_of(Outcome::kRefused, decision.reason);
    case PlanAction::kHeld: return report_of(Outcome::kHeld, decision.reason);
    default: break;
  }
  objects_ = check_files(*from_.bucket, delivery_);
  if (from_.is_remote && from_.keep_staging) {
    staged_ = std::make_unique<StagedDelivery>(settings_.staging_folder, from_.name, delivery_,
                                               objects_, from_.bucket);
  }
  const bool was_staged = staged_ && staged_->present_bytes() > 0;
  try {
    PartitionReport report = take(decision);
    times_.end("commit");
    finish_staging(report);
    if (staged_) times_.end("stage", bytes_);
    report.stages = times_.stages();
    return report;
  } catch (const Error& error) {
    parts_.clear();  // and with them what was being read ahead
    // What a broken download left must not break every later run as well.
    if (was_staged && error.kind() == ErrorKind::kInvalidData) staged_->discard();
    throw;
  }
}

PartitionReport PartitionLoad::take(const Decision& decision) {
  if (decision.action != PlanAction::kCheck) return load();
  const DeliveryRecord& current = *current_delivery(records_);
  if (!is_same_bytes()) {
    return current.hold.empty() ? load() : report_of(Outcome::kHeld, held_by(current));
  }
  id_.version = current.id.version;
  if (overwrite_) return load();
  adopt_manifest();
  return report_of(Outcome::kUnchanged, "only the manifest changed, the files did not");
}

/// What was loaded stays loaded, whatever becomes of its copy.
void PartitionLoad::finish_staging(PartitionReport& report) {
  if (!staged_) return;
  try {
    staged_->complete(stop_);
  } catch (const Error& error) {
    report.warnings.push_back("the copy in " + staged_->folder() +
                              " is not complete: " + error.what());
  }
}

PartPlace PartitionLoad::place() const {
  return {from_.bucket, from_.is_remote, staged_.get(), settings_.staging_folder};
}

std::string PartitionLoad::hash_of(const ObjectInfo& object) const {
  Sha256 hash;
  const auto reader = open_object(place(), object);
  std::vector<std::byte> buffer(1 << 20);
  while (const std::size_t n = reader->read(buffer)) {
    hash.update(std::span(buffer).first(n));
    if (stop_.stop_requested()) throw Error(ErrorKind::kCancelled, "interrupted");
  }
  return hash.finish();
}

/// Whether the files are those of the current receipt. When they are not, this is a new version
/// although the provider gave it no new id.
bool PartitionLoad::is_same_bytes() {
  const Receipt receipt = receipt_from_json(current_delivery(records_)->receipt);
  std::vector<std::pair<std::string, std::string>> now, then;
  for (const auto& object : objects_) {
    now.emplace_back(object.key, hash_of(object));
  }
  for (const auto& file : receipt.files) then.emplace_back(file.key, file.sha256);
  std::ranges::sort(now);
  std::ranges::sort(then);
  if (now == then) return true;
  std::string text;
  for (const auto& [key, hash] : now) text += key + " " + hash + "\n";
  id_.version = delivery_.version + "+" + sha256_of(text).substr(0, 8);
  warnings_.push_back("the files of " + delivery_.version +
                      " changed under the same id: taken as the new version " + id_.version);
  return false;
}

void PartitionLoad::adopt_manifest() {
  for (auto& record : ledger_.records) {
    const bool is_it = record.id.table == table_.name && record.state == DeliveryState::kCurrent;
    if (is_it) record.manifest_etag = delivery_.manifest_etag;
  }
  commit_with_ledger(lake_, {}, ledger_, pending_);
}

void PartitionLoad::read_headers() {
  std::vector<std::uint64_t> sizes;
  for (const auto& object : objects_) sizes.push_back(object.size);
  bytes_ = std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
  parts_ = parts_of_delivery(place(), objects_, settings_.memory_bytes / kShareOfHeads);
  headers_.resize(parts_.size());
  for_each_at_once(parts_.size(), from_.is_remote ? kHeadersAtOnce : 1,
                   [&](std::size_t i) { headers_[i] = read_header(parts_[i]); });
  if (from_.is_remote) {
    parts_ =
        with_read_ahead(std::move(parts_), sizes, ReadAheadLimits::within(settings_.memory_bytes));
  }
  turns_.columns.wait();
  prepared_ =
      prepare_layout(lake_, table_, delivered_columns(headers_, delivery_), *delivery_.dictionary);
  turns_.columns.pass();
  times_.end("prepare");
  prepared_.layout.source = partition_.source;
  prepared_.layout.billing_period = partition_.billing_period;
  prepared_.layout.execution_id = id_.version;
}

PartitionReport PartitionLoad::load() {
  read_headers();
  planned_on_ = live_files(lake_, table_, partition_);
  WrittenRows written = write_rows(lake_, table_.name, parts_, prepared_.layout, settings_,
                                   pending_, hooks_.on_progress, bytes_, times_, stop_);
  if (!from_.source->is_unchanged(delivery_)) throw changed_while("read", delivery_);
  if (!delivery_.has_manifest) require_one_bill(delivery_, prepared_.layout, written.report);
  const auto why = refusal(written.report, settings_.thresholds);
  if (why && waived() == nullptr) return refuse(written, *why, judged_by(settings_));
  const DeliveryRecord* current = current_delivery(records_);
  if (written.report.rows == 0 && current != nullptr && current->source_rows > 0 && !overwrite_) {
    return report_of(Outcome::kEmptyWithheld,
                     "the delivery " + id_.version + " has no rows and does not replace the " +
                         std::to_string(current->loaded_rows) + " rows of " + current->id.version +
                         "; --overwrite does it");
  }
  return publish_once(written);
}

/// Publishes what does not count another source's bill again. Nobody else of the table and period
/// commits between the look into the lake and the commit: by turns in this run, by a lock file
/// among the runs of this machine.
PartitionReport PartitionLoad::publish_once(WrittenRows& written) {
  const Receipt receipt = receipt_of(written);
  if (from_.allow_overlap) return publish(written, receipt);
  turns_.commit.wait();
  const auto lock = PartitionLock::wait_for(
      settings_.lock_folder, {table_.name, "", partition_.billing_period, ""}, clock_, stop_);
  const BillMark mark = receipt.mark();
  const auto bills = bills_of_period(Ledger(lake_), partition_.billing_period);
  if (const auto why = overlap_of(id_, mark, bills)) {
    return refuse(written, *why, judged_by_overlap(mark));
  }
  for (auto& warning : overlap_warnings(id_, mark, bills)) {
    warnings_.push_back(std::move(warning));
  }
  return publish(written, receipt);
}

/// The record by which the quarantined rows of this delivery were accepted.
const DeliveryRecord* PartitionLoad::waived() const {
  const auto it = std::ranges::find_if(records_, [&](const DeliveryRecord& record) {
    return !record.waiver.empty() && record.id.version == id_.version &&
           record.manifest_etag == delivery_.manifest_etag;
  });
  return it == records_.end() ? nullptr : &*it;
}

PartitionReport PartitionLoad::publish(WrittenRows& written, const Receipt& receipt) {
  if (const auto difference = receipt.imbalance()) {
    throw Error(ErrorKind::kInternal, "the receipt does not balance, so nothing is published: " +
                                          *difference + ". This is a defect of finops");
  }
  const DeliveryRecord* current = current_delivery(records_);
  PartitionReport report =
      report_of(current == nullptr ? Outcome::kLoaded : Outcome::kReplaced, written);
  DeliveryRecord record = record_of(written);
  if (current != nullptr) {
    report.replaced_version = current->id.version;
    report.cost_change = cost_change(receipt_from_json(current->receipt), receipt,
                                     TimePoint(Duration(record.recorded_ms)),
                                     {prepared_.layout.cost_column, from_.closed_after_days});
  }
  record.receipt = receipt_to_json(receipt);
  std::vector<lake::PartitionChange> changes;
  if (auto quarantine = quarantine_change(written, "")) changes.push_back(std::move(*quarantine));
  if (auto data = data_change(written); !data.add.empty() || !data.planned_on.empty()) {
    changes.push_back(std::move(data));
  }
  for (auto& known : ledger_.records) {
    const bool is_replaced =
        known.id.table == table_.name && known.state == DeliveryState::kCurrent;
    if (is_replaced) known.state = DeliveryState::kSuperseded;
  }
  commit(std::move(changes), record);
  return report;
}

PartitionReport PartitionLoad::refuse(WrittenRows& written, const std::string& why,
                                      const std::string& judged_by) {
  PartitionReport report = report_of(Outcome::kRefused, written);
  report.loaded_rows = 0;
  report.unblended_cost.clear();
  report.snapshot_id.reset();
  report.message = "not published: " + why;
  DeliveryRecord record = record_of(written);
  record.state = DeliveryState::kRefused;
  record.loaded_rows = 0;
  record.refusal = why;
  record.judged_by = judged_by;
  for (const auto& file : written.report.files) lake_.store().remove(file.key);
  const DeliveryRecord* current = current_delivery(records_);
  std::vector<lake::PartitionChange> changes;
  const std::string kept = current == nullptr ? "" : current->id.version;
  if (auto quarantine = quarantine_change(written, kept)) changes.push_back(std::move(*quarantine));
  commit(std::move(changes), record);
  return report;
}

lake::PartitionChange PartitionLoad::data_change(const WrittenRows& written) const {
  lake::PartitionChange change{.table = table_, .partition = partition_};
  change.add = written.report.files;
  change.planned_on = planned_on_;
  change.snapshot_id = snapshot_id_;
  change.summary = {{"finops.source", partition_.source},
                    {"finops.billing-period", partition_.billing_period},
                    {"finops.execution-id", id_.version}};
  return change;
}

/// The partition's quarantine: this delivery's rows and, after a refusal, those of the delivery
/// that stays current.
std::optional<lake::PartitionChange> PartitionLoad::quarantine_change(
    const WrittenRows& written, const std::string& kept_version) const {
  const lake::TableName table = quarantine_table(table_.name);
  lake::PartitionChange change{.table = table, .partition = partition_};
  change.planned_on = live_files(lake_, table, partition_);
  if (written.quarantine) change.add.push_back(*written.quarantine);
  if (change.add.empty() && change.planned_on.empty()) return std::nullopt;
  change.removes = [kept_version](const lake::LakeFile& file) {
    return kept_version.empty() || file.execution_id != kept_version;
  };
  return change;
}

void PartitionLoad::commit(std::vector<lake::PartitionChange> changes,
                           const DeliveryRecord& added) {
  if (hooks_.on_progress) {
    hooks_.on_progress({id_.partition_name(), "commit", bytes_, bytes_, added.source_rows});
  }
  ledger_.records.push_back(added);
  commit_with_ledger(lake_, std::move(changes), ledger_, pending_);
}

int PartitionLoad::next_revision() const {
  int revision = 1;
  for (const auto& record : records_) {
    if (record.id.version == id_.version) revision = std::max(revision, record.revision + 1);
  }
  return revision;
}

DeliveryRecord PartitionLoad::record_of(const WrittenRows& written) const {
  DeliveryRecord record;
  record.id = id_;
  record.revision = next_revision();
  record.recorded_ms = next_recorded_ms(ledger_.records, clock_);
  record.source_rows = written.report.rows;
  record.loaded_rows = written.loaded.rows;
  record.quarantined_rows = written.report.rejected_rows;
  record.manifest_key = delivery_.manifest_key;
  record.manifest_etag = delivery_.manifest_etag;
  if (const auto* accepted = waived()) record.waiver = accepted->waiver;
  for (const auto& bound : prepared_.layout.delivered) {
    record.columns.emplace_back(bound.source_name, bound.column.name);
  }
  return record;
}

Receipt PartitionLoad::receipt_of(const WrittenRows& written) {
  Receipt receipt;
  receipt.id = id_;
  receipt.revision = next_revision();
  const bool has_snapshot = !written.report.files.empty() || !planned_on_.empty();
  if (has_snapshot) receipt.snapshot_id = snapshot_id_;
  if (!delivery_.has_manifest) receipt.period_of_rows = period_of_rows(delivery_);
  receipt.loaded_at = to_iso8601(clock_.now());
  for (std::size_t i = 0; i < written.report.parts.size(); ++i) {
    const auto& part = written.report.parts[i];
    receipt.files.push_back(
        {part.key, part.compressed_bytes, objects_[i].etag, part.sha256, part.rows, part.rejected});
    if (part.rejected == 0) continue;
    for (const auto& column : headers_[i]) receipt.files.back().header.push_back(column.name);
  }
  receipt.source_rows = written.report.rows;
  receipt.loaded_rows = written.loaded.rows;
  receipt.quarantined_rows = written.report.rejected_rows;
  receipt.sums = join_sums(written.report.source, written.loaded.decimals, written.report.rejected);
  receipt.columns = written.loaded.columns;
  if (const auto* accepted = waived()) receipt.waiver = accepted->waiver;
  for (const auto& file : written.report.files) {
    receipt.data_files.push_back(
        {file.key, file.bytes, static_cast<std::uint64_t>(file.rows), file.sha256});
  }
  read_costs(written.files, prepared_.layout, settings_.threads, receipt);
  times_.end("costs", 0, written.loaded.rows);
  return receipt;
}

PartitionReport PartitionLoad::report_of(Outcome outcome, std::string message) const {
  PartitionReport report;
  report.id = id_;
  report.outcome = outcome;
  report.message = std::move(message);
  report.warnings = warnings_;
  return report;
}

PartitionReport PartitionLoad::report_of(Outcome outcome, const WrittenRows& written) const {
  PartitionReport report = report_of(outcome);
  report.files = written.report.parts.size();
  for (const auto& part : written.report.parts) {
    report.compressed_bytes += part.compressed_bytes;
    report.text_bytes += part.text_bytes;
  }
  report.source_rows = written.report.rows;
  report.loaded_rows = written.loaded.rows;
  report.quarantined_rows = written.report.rejected_rows;
  for (const auto& [currency, columns] : written.loaded.decimals) {
    const auto cost = columns.find(prepared_.layout.cost_column);
    if (cost != columns.end()) report.unblended_cost[currency] = cost->second.sum;
  }
  report.new_columns = prepared_.new_columns;
  if (!written.report.files.empty() || !planned_on_.empty()) report.snapshot_id = snapshot_id_;
  return report;
}

}  // namespace finops
