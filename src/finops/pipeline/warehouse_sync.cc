#include "finops/pipeline/warehouse_sync.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "finops/ledger/bill_partition.h"
#include "finops/ledger/ledger.h"
#include "finops/ledger/receipt.h"
#include "finops/pipeline/partition_lock.h"
#include "finops/pipeline/warehouse_table.h"
#include "finops/tabular/parquet_writing.h"

namespace finops {
namespace {

using Outcome = RemotePeriod::Outcome;

/// A delivery that the warehouse should have.
struct Wanted {
  Receipt receipt;
  BillingPeriod period;
};

/// One table of the lake, and what the warehouse has of it.
struct TableWork {
  lake::TableView view;
  WarehouseTable there;
  std::vector<Wanted> wanted;
  std::vector<HeldDelivery> held;
};

bool is_selected(const WarehouseRequest& request, const DeliveryRecord& record,
                 const BillingPeriod& period) {
  const bool is_source =
      request.sources.empty() ||
      std::ranges::find(request.sources, record.id.source) != request.sources.end();
  return is_source && (!request.first || period >= *request.first) &&
         (!request.last || period <= *request.last);
}

/// By table of the lake.
std::map<std::string, std::vector<Wanted>> current_deliveries(lake::Lake& lake,
                                                              const WarehouseRequest& request) {
  std::map<std::string, std::vector<Wanted>> tables;
  for (const DeliveryRecord& record : Ledger(lake).records(true)) {
    if (record.state != DeliveryState::kCurrent) continue;
    const auto period = BillingPeriod::parse(record.id.partition);
    if (!period || !is_selected(request, record, *period)) continue;
    tables[record.id.table].push_back({receipt_from_json(record.receipt), *period});
  }
  return tables;
}

std::vector<lake::LakeFile> files_of(const lake::TableView& view, const ExportId& id) {
  const lake::PartitionKey partition = BillPartition{id.source, id.partition};
  std::vector<lake::LakeFile> files;
  std::ranges::copy_if(view.files, std::back_inserter(files),
                       [&](const auto& file) { return file.partition == partition; });
  return files;
}

MoneySums loaded_sums(const lake::TableView& view, const WarehouseTable& table,
                      const Receipt& receipt) {
  MoneySums sums;
  for (const auto& [currency, columns] : receipt.sums) {
    for (const auto& [column, sum] : columns) {
      if (sum.loaded.is_zero()) continue;
      const std::string name = warehouse_name(view, table, column);
      sums[currency][name.empty() ? column : name] = sum.loaded;
    }
  }
  return sums;
}

/// Is what is held of the period, by its own account, what the receipt says?
bool is_held(const std::vector<const HeldDelivery*>& held, const Receipt& receipt,
             const MoneySums& sums, const std::string& cost_column) {
  if (receipt.loaded_rows == 0) return held.empty();
  if (held.size() != 1) return false;
  const HeldDelivery& only = *held.front();
  if (only.execution_id != receipt.id.version || only.rows != receipt.loaded_rows) return false;
  if (cost_column.empty()) return true;
  MoneySums held_cost, wanted_cost;
  for (const auto& [currency, sum] : only.cost) held_cost[currency][cost_column] = sum;
  for (const auto& [currency, columns] : sums) {
    const auto cost = columns.find(cost_column);
    if (cost != columns.end()) wanted_cost[currency][cost_column] = cost->second;
  }
  return difference_of(wanted_cost, held_cost).empty();
}

/// What BigQuery-like engines read for sums of all decimals of these rows: 32 bytes for a value,
/// nothing for NULL, and the columns of the filter.
std::uint64_t bytes_of_check(const Receipt& receipt, const lake::TableView& view) {
  constexpr std::uint64_t kDecimalBytes = 32, kFilterBytes = 32;
  std::uint64_t bytes = receipt.loaded_rows * kFilterBytes;
  for (const auto& [name, content] : receipt.columns) {
    const Column* const column = view.schema.find(name);
    if (column == nullptr || column->type != ColumnType::kDecimal) continue;
    bytes += (receipt.loaded_rows - std::min(receipt.loaded_rows, content.nulls)) * kDecimalBytes;
  }
  return bytes;
}

/// The work of one run.
class Sync {
 public:
  Sync(lake::Lake& lake, Warehouse& warehouse, const WarehouseRequest& request,
       const std::function<void(const RemotePeriod&)>& on_period, const std::stop_token& stop)
      : lake_(lake), warehouse_(warehouse), request_(request), on_period_(on_period), stop_(stop) {}

  WarehouseReport run() {
    WarehouseReport report{.warehouse = warehouse_.name(), .is_dry_run = request_.is_dry_run};
    for (auto& [table, wanted] : current_deliveries(lake_, request_)) {
      const lake::TableName name{"billing", table};
      if (!lake_.has_table(name)) continue;  // empty deliveries only
      const auto named = request_.names.find(table);
      TableWork work{.view = lake_.view(name), .wanted = std::move(wanted)};
      work.there = warehouse_table(work.view, named == request_.names.end() ? table : named->second,
                                   warehouse_);
      const std::optional<Error> failure = read_held(work);
      for (const Wanted& one : work.wanted) {
        report.periods.push_back(carry_out(work, one, failure));
        if (on_period_) on_period_(report.periods.back());
      }
      note_strangers(work, report.notes);
    }
    return report;
  }

 private:
  /// Why it cannot be told what the warehouse has of the table.
  std::optional<Error> read_held(TableWork& work) {
    try {
      work.held = warehouse_.held(work.there).value_or(std::vector<HeldDelivery>{});
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      return error;
    }
    return std::nullopt;
  }

  RemotePeriod carry_out(const TableWork& work, const Wanted& wanted,
                         const std::optional<Error>& failure) {
    const auto start = std::chrono::steady_clock::now();
    RemotePeriod result{.id = wanted.receipt.id,
                        .table = work.there.name,
                        .rows = wanted.receipt.loaded_rows,
                        .checked_bytes = bytes_of_check(wanted.receipt, work.view)};
    for (const auto& file : files_of(work.view, wanted.receipt.id)) result.lake_bytes += file.bytes;
    try {
      if (failure) throw Error(*failure);
      decide_and_replace(work, wanted, result);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      result.outcome = error.kind() == ErrorKind::kLocked ? Outcome::kLocked : Outcome::kFailed;
      result.error_kind = error.kind();
      result.message = error.what();
    }
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
  }

  void decide_and_replace(const TableWork& work, const Wanted& wanted, RemotePeriod& result) {
    std::vector<const HeldDelivery*> held;
    for (const HeldDelivery& one : work.held) {
      const bool is_this =
          one.source == result.id.source && one.billing_period == result.id.partition;
      if (is_this) held.push_back(&one);
    }
    if (!held.empty()) result.held_version = held.front()->execution_id;
    const MoneySums sums = loaded_sums(work.view, work.there, wanted.receipt);
    if (!request_.overwrite && is_held(held, wanted.receipt, sums, work.there.cost_column)) return;
    if (request_.overwrite && held.empty() && wanted.receipt.loaded_rows == 0) return;
    if (!request_.is_dry_run) replace(work, wanted, sums, result);
    result.outcome = held.empty() ? Outcome::kLoaded : Outcome::kReplaced;
  }

  void replace(const TableWork& work, const Wanted& wanted, const MoneySums& sums,
               RemotePeriod& result) {
    // A table of the lake and the same one there are two things to be at.
    ExportId locked = result.id;
    locked.table = warehouse_.name() + "." + work.there.name;
    const PartitionLock lock = PartitionLock::take(request_.lock_folder, locked);
    const PeriodReplacement replacement{
        .table = work.there,
        .source = result.id.source,
        .period = wanted.period,
        .is_sole_source = is_sole_source(work, result.id),
        .rows = wanted.receipt.loaded_rows,
        .sums = sums,
        .write_parquet = [&](ByteWriter& out) { write(work, wanted, out); }};
    result.replaced = warehouse_.replace_period(replacement);
  }

  static bool is_sole_source(const TableWork& work, const ExportId& id) {
    return std::ranges::none_of(work.view.files, [&](const lake::LakeFile& file) {
      const BillPartition partition = BillPartition::of(file.partition);
      return partition.billing_period == id.partition && partition.source != id.source;
    });
  }

  void write(const TableWork& work, const Wanted& wanted, ByteWriter& out) const {
    if (stop_.stop_requested()) throw Error(ErrorKind::kCancelled, "interrupted");
    std::vector<std::shared_ptr<const RandomAccessBytes>> inputs;
    for (const auto& file : files_of(work.view, wanted.receipt.id)) {
      inputs.push_back(open_random(lake_.store(), lake_.key_of(file.uri)));
    }
    using std::chrono::microseconds;
    const auto first = wanted.period.first_day().time_since_epoch();
    const ParquetMerge merge{.columns = work.there.columns,
                             .times = {{work.there.period_column,
                                        std::chrono::duration_cast<microseconds>(first).count()}}};
    merge_parquet(inputs, merge, out);
    out.finish();
  }

  /// Rows there that belong to nothing in the lake are nobody's to remove; people are told.
  void note_strangers(const TableWork& work, std::vector<std::string>& notes) const {
    std::set<std::pair<std::string, std::string>> known;
    for (const auto& file : work.view.files) {
      const BillPartition partition = BillPartition::of(file.partition);
      known.emplace(partition.source, partition.billing_period);
    }
    for (const HeldDelivery& one : work.held) {
      if (one.rows == 0 || known.contains({one.source, one.billing_period})) continue;
      if (!request_.sources.empty() || request_.first || request_.last) continue;
      notes.push_back(work.there.name + " holds " + std::to_string(one.rows) + " rows of " +
                      (one.source.empty() ? "no source" : one.source) + " " + one.billing_period +
                      ", which the lake does not have; they are left as they are");
    }
  }

  lake::Lake& lake_;
  Warehouse& warehouse_;
  const WarehouseRequest& request_;
  const std::function<void(const RemotePeriod&)>& on_period_;
  const std::stop_token& stop_;
};

}  // namespace

std::string_view to_string(RemotePeriod::Outcome outcome) {
  switch (outcome) {
    case Outcome::kLoaded: return "loaded";
    case Outcome::kReplaced: return "replaced";
    case Outcome::kUnchanged: return "unchanged";
    case Outcome::kFailed: return "failed";
    case Outcome::kLocked: return "locked";
  }
  return "failed";
}

bool RemotePeriod::is_changed() const {
  return outcome == Outcome::kLoaded || outcome == Outcome::kReplaced;
}

bool WarehouseReport::is_changed() const {
  return !is_dry_run && std::ranges::any_of(periods, &RemotePeriod::is_changed);
}

RunEnding WarehouseReport::ending() const {
  const auto has = [&](Outcome outcome) {
    return std::ranges::find(periods, outcome, &RemotePeriod::outcome) != periods.end();
  };
  return {.is_published = is_changed(),
          .has_failed = has(Outcome::kFailed),
          .is_locked = has(Outcome::kLocked)};
}

WarehouseReport sync_warehouse(lake::Lake& lake, Warehouse& warehouse,
                               const WarehouseRequest& request,
                               const std::function<void(const RemotePeriod&)>& on_period,
                               const std::stop_token& stop) {
  return Sync(lake, warehouse, request, on_period, stop).run();
}

}  // namespace finops
