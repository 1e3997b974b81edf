#include "finops/pipeline/quarantine_replay.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <span>
#include <utility>

#include "finops/core/billing_period.h"
#include "finops/core/error.h"
#include "finops/ledger/bill_partition.h"
#include "finops/pipeline/delivery_rows.h"
#include "finops/pipeline/one_bill_check.h"
#include "finops/pipeline/overlap.h"
#include "finops/pipeline/partition_commit.h"
#include "finops/pipeline/partition_history.h"
#include "finops/pipeline/partition_lock.h"
#include "finops/pipeline/pipeline.h"
#include "finops/pipeline/quarantine_reading.h"
#include "finops/pipeline/quarantine_writer.h"
#include "finops/pipeline/table_columns.h"

namespace finops {
namespace {

/// The bytes of a text that is kept elsewhere.
class TextReader final : public ByteReader {
 public:
  explicit TextReader(std::string text) : text_(std::move(text)) {}

  std::size_t read(std::span<std::byte> out) override {
    const std::size_t n = std::min(out.size(), text_.size() - at_);
    std::memcpy(out.data(), text_.data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

std::string csv_record(const std::vector<std::string>& cells) {
  std::string record;
  for (const auto& cell : cells) {
    record += record.empty() ? "\"" : ",\"";
    for (const char c : cell) record.append(c == '"' ? 2 : 1, c);
    record += '"';
  }
  return record + "\n";
}

/// The record as a file of its own. A carriage return at its end was data, and one before a line
/// feed would not be; an empty line at a file's end would be no row.
BillPart part_of(const QuarantinedRow& row, const std::string& header) {
  const bool is_open = row.raw.ends_with('\r');
  const std::string end = row.raw.empty() ? "\n\n" : is_open ? "\r\n" : "\n";
  return {.key = row.file,
          .open = [text = header + row.raw + end]() -> std::unique_ptr<ByteReader> {
            return std::make_unique<TextReader>(text);
          },
          .format = BillFormat::kCsv,
          .open_random = nullptr,
          .origin = RecordOrigin{.line = row.line,
                                 .format = format_of_name(row.file).value_or(BillFormat::kCsv)}};
}

class Replay {
 public:
  Replay(lake::Lake& lake, const PipelineSettings& settings, Clock& clock, LedgerPartition ledger,
         DeliveryRecord record, const std::stop_token& stop)
      : lake_(lake),
        settings_(settings),
        clock_(clock),
        stop_(stop),
        table_{"billing", record.id.table},
        partition_{record.id.source, record.id.partition},
        ledger_(std::move(ledger)),
        record_(std::move(record)),
        receipt_(receipt_from_json(record_.receipt)),
        pending_(lake.store()) {
    layout_ = recorded_layout(lake.view(table_), record_.columns);
    layout_.source = record_.id.source;
    layout_.billing_period = record_.id.partition;
    layout_.execution_id = record_.id.version;
    report_.id = record_.id;
    report_.revision = record_.revision;
  }

  ReplayReport run(bool dry_run) {
    read_rows();
    report_.rows = parts_.size();
    if (parts_.empty()) return report_;
    if (dry_run) {
      take(try_rows(parts_, layout_, settings_, stop_));
    } else {
      move();
    }
    return report_;
  }

 private:
  void read_rows() {
    std::map<std::string, std::string> headers;
    for (const auto& file : receipt_.files) headers[file.key] = csv_record(file.header);
    constexpr std::uint64_t kShareOfMemory = 16;  // their raw bytes pack well
    for (auto& row :
         read_quarantine_of(lake_, record_.id, settings_.memory_bytes / kShareOfMemory)) {
      const auto header = headers.find(row.file);
      if (header == headers.end() || header->second == csv_record({})) {
        throw Error(ErrorKind::kUnsupported,
                    "the receipt of " + record_.id.version + " does not tell the header of '" +
                        row.file + "'; load the delivery again instead (--overwrite)");
      }
      parts_.push_back(part_of(row, header->second));
    }
  }

  void require_one_row_each(const std::vector<PartReport>& parts) const {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].rows == 1) continue;
      throw Error(ErrorKind::kInternal, "the quarantined row of '" + parts[i].key + "', line " +
                                            std::to_string(parts_[i].origin->line) +
                                            ", is read as " + std::to_string(parts[i].rows) +
                                            " rows, so nothing was changed. This is a "
                                            "defect of finops");
    }
  }

  void tell_cost(const CurrencyTotals& loaded) {
    for (const auto& [currency, columns] : loaded) {
      const auto cost = columns.find(layout_.cost_column);
      if (cost != columns.end()) report_.unblended_cost[currency] = cost->second.sum;
    }
  }

  void move() {
    StageTimes times({});
    const std::vector<std::string> live = live_files(lake_, table_, partition_);
    const WrittenRows written =
        write_rows(lake_, table_.name, parts_, layout_, settings_, pending_, {}, 0, times, stop_);
    take(written);
    if (!report_.is_changed) return;
    std::vector<lake::PartitionChange> changes;
    changes.push_back(quarantine_change(written));
    changes.push_back(data_change(written, live));
    for (const auto& file : written.report.files) {
      receipt_.data_files.push_back(
          {file.key, file.bytes, static_cast<std::uint64_t>(file.rows), file.sha256});
    }
    receipt_.revision = report_.revision = record_.revision + 1;
    receipt_.snapshot_id = report_.snapshot_id;
    receipt_.loaded_at = to_iso8601(clock_.now());
    const auto lock = PartitionLock::wait_for(
        settings_.lock_folder, {table_.name, "", partition_.billing_period, ""}, clock_, stop_);
    refuse_overlap();  // again: another source may have loaded the month meanwhile
    commit(std::move(changes));
  }

  /// What comes of the rows that fit now, in report and receipt. Throws when they must not move.
  void take(const WrittenRows& written) {
    require_one_row_each(written.report.parts);
    report_.loaded = written.loaded.rows;
    report_.is_changed = report_.loaded > 0;
    if (!report_.is_changed) return;
    if (!had_manifest(record_)) refuse_other_period(written.report);
    tell_cost(written.loaded.decimals);
    add_to_receipt(written);
    // What moved may end what other lines left over: the whole delivery is read again.
    DataFiles files = data_files_of(lake_, receipt_);
    files.insert(files.end(), written.files.begin(), written.files.end());
    read_costs(files, layout_, settings_.threads, receipt_);
    if (const auto difference = receipt_.imbalance()) {
      throw Error(ErrorKind::kInvalidData,
                  "the receipt would not balance, so nothing was changed: " + *difference);
    }
    refuse_overlap();
  }

  /// Of files that nobody vouches for, what a load asks of its rows.
  void refuse_other_period(const ConvertReport& report) const {
    const auto period = BillingPeriod::parse(partition_.billing_period);
    if (!receipt_.period_of_rows || !period) {
      throw Error(ErrorKind::kUnsupported,
                  "the receipt of " + record_.id.version +
                      " does not tell how its rows bear out their period; load the files again "
                      "instead (--overwrite)");
    }
    const auto why = other_period_of(report, layout_, *receipt_.period_of_rows, *period);
    if (why) throw must_stay(ErrorKind::kInvalidData, *why);
  }

  Error must_stay(ErrorKind kind, const std::string& why) const {
    return {kind, "the quarantined rows of " + record_.id.version +
                      " that fit now cannot move into the lake: " + why + ". Nothing was changed"};
  }

  void refuse_overlap() const {
    const auto why = overlap_in_lake(lake_, settings_, record_.id, receipt_.mark());
    if (why) throw must_stay(ErrorKind::kConflict, *why);
  }

  lake::PartitionChange quarantine_change(const WrittenRows& written) const {
    const lake::TableName table = quarantine_table(table_.name);
    lake::PartitionChange change{.table = table, .partition = partition_};
    change.planned_on = live_files(lake_, table, partition_);
    if (written.quarantine) change.add.push_back(*written.quarantine);
    change.removes = [version = record_.id.version](const lake::LakeFile& file) {
      return file.execution_id == version;
    };
    return change;
  }

  lake::PartitionChange data_change(const WrittenRows& written,
                                    const std::vector<std::string>& live) {
    lake::PartitionChange change{.table = table_, .partition = partition_};
    change.add = written.report.files;
    change.removes = [](const lake::LakeFile&) { return false; };
    change.planned_on = live;
    change.snapshot_id = lake::new_snapshot_id();
    change.summary = {{"finops.source", partition_.source},
                      {"finops.billing-period", partition_.billing_period},
                      {"finops.execution-id", record_.id.version},
                      {"finops.replayed-rows", std::to_string(written.loaded.rows)}};
    report_.snapshot_id = change.snapshot_id;
    return change;
  }

  /// All that was readable in quarantine before is read again: the delivered side is what is in the
  /// lake already and what these rows say now.
  void add_to_receipt(const WrittenRows& written) {
    receipt_.loaded_rows += written.loaded.rows;
    receipt_.quarantined_rows -= written.loaded.rows;
    add_sums(written);
    for (const auto& [name, content] : written.loaded.columns) {
      const auto [known, is_new] = receipt_.columns.try_emplace(name);
      if (is_new) known->second.nulls = receipt_.loaded_rows - written.loaded.rows;
      known->second.nulls += content.nulls;
      known->second.fingerprint.add(content.fingerprint);
    }
    std::map<std::string, std::uint64_t> moved;
    for (const auto& part : written.report.parts) moved[part.key] += part.rows - part.rejected;
    for (auto& file : receipt_.files) file.rejected -= moved[file.key];
  }

  void add_sums(const WrittenRows& written) {
    auto more = join_sums(written.report.source, written.loaded.decimals, written.report.rejected);
    for (const auto& [currency, columns] : receipt_.sums) {
      for (const auto& [column, sum] : columns) more[currency].try_emplace(column);
    }
    for (auto& [currency, columns] : more) {
      for (auto& [column, now] : columns) {
        const ReceiptSum& before = receipt_.sums[currency][column];
        now.source.add(before.loaded);
        now.loaded.add(before.loaded);
        // Unreadable cells are in quarantine only; rounded ones in the lake too.
        now.rounded_cells += before.rounded_cells - before.quarantined_rounded_cells;
        now.rounding_residual.add(before.rounding_residual);
        now.rounding_residual.subtract(before.quarantined_rounding_residual);
      }
    }
    receipt_.sums = std::move(more);
  }

  void commit(std::vector<lake::PartitionChange> changes) {
    for (auto& record : ledger_.records) {
      if (record.id != record_.id || record.revision != record_.revision) continue;
      record.state = DeliveryState::kSuperseded;
      record.hold.clear();
    }
    DeliveryRecord next = record_;
    next.revision = receipt_.revision;
    next.recorded_ms = next_recorded_ms(ledger_.records, clock_);
    next.loaded_rows = receipt_.loaded_rows;
    next.quarantined_rows = receipt_.quarantined_rows;
    next.receipt = receipt_to_json(receipt_);
    ledger_.records.push_back(std::move(next));
    commit_with_ledger(lake_, std::move(changes), ledger_, pending_);
  }

  lake::Lake& lake_;
  const PipelineSettings& settings_;
  Clock& clock_;
  const std::stop_token& stop_;
  const lake::TableName table_;
  const BillPartition partition_;
  LedgerPartition ledger_;
  const DeliveryRecord record_;
  Receipt receipt_;
  BillLayout layout_;
  PendingFiles pending_;
  std::vector<BillPart> parts_;  // each one row
  ReplayReport report_;
};

}  // namespace

ReplayReport replay_quarantine(lake::Lake& lake, const PipelineSettings& settings, Clock& clock,
                               const ExportId& id, bool dry_run, std::stop_token stop) {
  const auto lock = PartitionLock::take(settings.lock_folder, id);
  LedgerPartition ledger = Ledger(lake).partition({id.source, id.partition});
  const auto current = std::ranges::find_if(ledger.records, [&](const DeliveryRecord& record) {
    return record.id == id && record.state == DeliveryState::kCurrent;
  });
  if (current == ledger.records.end()) {
    throw Error(ErrorKind::kConflict, "the delivery " + id.version + " of " + id.partition_name() +
                                          " is not current any more; run the same command again");
  }
  DeliveryRecord record = *current;
  return Replay(lake, settings, clock, std::move(ledger), std::move(record), stop).run(dry_run);
}

}  // namespace finops
