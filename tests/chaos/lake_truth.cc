#include "tests/chaos/lake_truth.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <variant>

#include "finops/engines/duckdb/duckdb_connection.h"
#include "finops/lake/lake_check.h"
#include "finops/ledger/ledger.h"
#include "finops/ledger/receipt.h"
#include "finops/pipeline/ledger_agreement.h"
#include "finops/pipeline/quarantine_reading.h"
#include "finops/pipeline/quarantine_writer.h"
#include "finops/tabular/parquet_writing.h"

namespace finops::chaos {
namespace {

using Problems = std::vector<std::string>;
using Records = std::vector<DeliveryRecord>;

struct LineColumns {
  std::string id, currency, cost;
};

LineColumns columns_of(const Shape& shape) {
  if (shape.table == Shape::Table::kFocus) return {"ResourceId", "BillingCurrency", "BilledCost"};
  return {"identity_line_item_id", "line_item_currency_code", "line_item_unblended_cost"};
}

std::string in_words(const PartitionName& partition) {
  return partition.first + " " + partition.second.to_string();
}

std::string in_words(const DeliveryRecord& record) {
  return record.id.table + " " + record.id.partition_name() + " " + record.id.version + " " +
         std::to_string(record.revision);
}

/// Lines of a bill that a lake may show: late ones are all in it, or all in quarantine.
std::vector<BillLine> lines_with_late(const TrueBill& bill) {
  std::vector<BillLine> lines = bill.lines;
  lines.insert(lines.end(), bill.late_lines.begin(), bill.late_lines.end());
  std::ranges::sort(lines);
  return lines;
}

/// The first cell of a quarantined row: the id of its line.
std::string id_of_raw(const std::string& raw) {
  std::string id = raw.substr(0, raw.find(','));
  std::erase(id, '"');
  return id;
}

/// Looks at one state of a world with objects of its own, which nothing breaks.
class Look {
 public:
  explicit Look(ChaosWorld& world)
      : world_(world),
        process_(world, nullptr, world.clock, "onlooker"),
        records_(Ledger(process_.lake()).records(true)) {}

  Problems problems() {
    look_at_ledger();
    for (const auto& [partition, bills] : world_.delivered()) look_at(partition, bills);
    look_at_tables();
    look_at_files();
    look_at_views(std::nullopt);
    return std::move(problems_);
  }

  Problems problems_of_the_end() {
    Problems all = problems();
    problems_.clear();
    for (const auto& [partition, bills] : world_.delivered()) look_for_newest(partition, bills);
    for (const auto& [partition, shown] : visible_) {
      if (shown.ends_with(kWithoutLate)) tell(in_words(partition) + " shows " + shown);
    }
    verify();
    look_at_views(all_lines());
    all.insert(all.end(), problems_.begin(), problems_.end());
    return all;
  }

  const VisibleVersions& visible() const { return visible_; }

 private:
  void tell(std::string problem) { problems_.push_back(std::move(problem)); }

  lake::TableName table_of(const PartitionName& partition) const {
    return {"billing", std::string(world_.source(partition.first).shape.lake_table())};
  }

  Records records_of(const PartitionName& partition) const {
    Records records = records_;
    std::erase_if(records, [&](const DeliveryRecord& record) {
      return record.id.source != partition.first ||
             record.id.partition != partition.second.to_string();
    });
    return records;
  }

  void look_at_ledger() {
    std::set<std::string> now;
    std::set<ExportId> waived;  // oldest first: so are all later revisions
    for (const auto& record : records_) {
      if (!now.insert(in_words(record)).second) tell("twice in the ledger: " + in_words(record));
      if (!record.waiver.empty()) {
        waived.insert(record.id);
        now.insert(in_words(record) + " waived");
      } else if (waived.contains(record.id)) {
        tell(in_words(record) + " has lost its waiver");
      }
    }
    for (const auto& known : world_.known_records) {
      if (!now.contains(known)) tell("gone from the ledger: " + known);
    }
    world_.known_records = std::move(now);
  }

  void look_at(const PartitionName& partition, const std::vector<TrueBill>& bills) {
    const Records records = records_of(partition);
    const auto current =
        std::ranges::count(records, DeliveryState::kCurrent, &DeliveryRecord::state);
    if (current > 1) return tell(in_words(partition) + " has several current deliveries");
    const DeliveryRecord* record = current_delivery(records);
    const auto lines = lines_of(partition);
    if (record == nullptr) {
      visible_[partition] = "";
      if (!lines.empty()) tell(in_words(partition) + " has lines and no current delivery");
      for (const auto& one : records) {
        if (one.state == DeliveryState::kSuperseded) tell(in_words(partition) + " was emptied");
      }
      return;
    }
    const auto bill = std::ranges::find(bills, record->id.version, &TrueBill::version);
    visible_[partition] = record->id.version;
    if (bill == bills.end() || (bill->is_refused && record->waiver.empty())) {
      return tell(in_words(*record) + " is current and must not be");
    }
    // The ledger says where late lines are; then they are all there, and nowhere else.
    const auto with_late = lines_with_late(*bill);
    const bool has_late = record->loaded_rows == with_late.size();
    if (!has_late) visible_[partition] += kWithoutLate;
    const auto& wanted = has_late ? with_late : bill->lines;
    if (lines != wanted) {
      tell(in_words(*record) + " shows " + std::to_string(lines.size()) +
           " lines that are not the " + std::to_string(wanted.size()) + " delivered ones");
    }
    look_at_record(*record, *bill, wanted, columns_of(world_.source(partition.first).shape).cost);
    look_at_quarantine(*record, *bill, has_late);
  }

  /// Each line that the lake does not show is in quarantine, once.
  void look_at_quarantine(const DeliveryRecord& record, const TrueBill& bill, bool has_late) {
    std::vector<std::string> wanted, found;
    for (std::uint64_t i = 0; i < bill.faulty_lines; ++i) {
      wanted.push_back("faulty-" + std::to_string(i));
    }
    for (const auto& line : bill.late_lines) {
      if (!has_late) wanted.push_back(line.id);
    }
    if (record.quarantined_rows != wanted.size()) {
      tell(in_words(record) + ": the ledger has another count of quarantined rows");
    }
    for (const auto& row : read_quarantine_of(process_.lake(), record.id, kMostQuarantine)) {
      found.push_back(id_of_raw(row.raw));
    }
    std::ranges::sort(wanted);
    std::ranges::sort(found);
    if (found != wanted) tell(in_words(record) + ": other rows are in quarantine");
  }

  void look_at_record(const DeliveryRecord& record, const TrueBill& bill,
                      const std::vector<BillLine>& lines, const std::string& cost_column) {
    if (record.loaded_rows != lines.size() ||
        record.source_rows != bill.lines.size() + bill.late_lines.size() + bill.faulty_lines) {
      tell(in_words(record) + ": the ledger has other counts");
    }
    const Receipt receipt = receipt_from_json(record.receipt);
    if (receipt.waiver.empty() != record.waiver.empty()) {
      tell(in_words(record) + ": ledger and receipt tell different waivers");
    }
    if (const auto difference = receipt.imbalance()) tell(in_words(record) + ": " + *difference);
    std::map<std::string, ExactSum> sums;
    for (const auto& line : lines) {
      sums[line.currency].add(Decimal::parse(line.cost)->value.unscaled());
    }
    for (const auto& [currency, sum] : sums) {
      const auto of_currency = receipt.sums.find(currency);
      const bool is_right = of_currency != receipt.sums.end() &&
                            of_currency->second.contains(cost_column) &&
                            of_currency->second.at(cost_column).loaded == sum;
      if (!is_right) tell(in_words(record) + ": the receipt has another sum of " + currency);
    }
  }

  /// Every line that the lake shows of a partition, in order.
  std::vector<BillLine> lines_of(const PartitionName& partition) {
    std::vector<BillLine> lines;
    const auto table = table_of(partition);
    if (!process_.lake().has_table(table)) return lines;
    const auto view = process_.lake().view(table);
    const auto names = columns_of(world_.source(partition.first).shape);
    std::vector<Column> columns;
    for (const auto& name : {names.id, names.currency, names.cost}) {
      const Column* column = view.schema.find(name);
      if (column == nullptr) return lines;
      columns.push_back(*column);
    }
    const lake::PartitionKey key{partition.first, partition.second.to_string()};
    for (const auto& file : view.files) {
      if (file.partition != key) continue;
      const auto rows = read_parquet_rows(
          open_random(process_.lake().store(), process_.lake().key_of(file.uri)), columns);
      for (const auto& row : rows) {
        lines.push_back({std::get<std::string>(row[0]), std::get<std::string>(row[1]),
                         std::get<Decimal>(row[2]).to_string()});
      }
    }
    std::ranges::sort(lines);
    return lines;
  }

  /// Whole tables: also what belongs to no partition that was delivered.
  void look_at_tables() {
    for (const auto& name : process_.lake().tables()) {
      if (name == Ledger::table() || name.name.ends_with("_quarantine")) continue;
      for (auto& found : bill_disagreements(process_.lake().view(name), records_)) {
        tell(std::move(found));
      }
      const auto quarantine = quarantine_table(name.name);
      if (!process_.lake().has_table(quarantine)) continue;
      const auto view = process_.lake().view(quarantine);
      for (auto& found : quarantine_disagreements(view, name.name, records_)) {
        tell(std::move(found));
      }
    }
  }

  void look_at_files() {
    const lake::LakePaths paths(world_.root_uri());
    const auto check = lake::check_lake(*world_.store(), paths, *world_.catalog());
    for (const auto& problem : check.problems) tell(problem.file + ": " + problem.finding);
  }

  /// Whatever state they show, every file that they need is there. With `lines`: so many.
  void look_at_views(std::optional<std::size_t> lines) {
    if (!world_.is_on_disk() || !std::filesystem::exists(world_.database())) return;
    std::string sum = "0";
    for (const auto& name : process_.lake().tables()) {
      const bool is_bills = name != Ledger::table() && !name.name.ends_with("_quarantine");
      if (is_bills) sum += " + (SELECT count(*) FROM " + name.to_string() + ")";
    }
    try {
      DuckdbConnection connection(world_.database().string(),
                                  {{"access_mode", "READ_ONLY"}, {"threads", "1"}});
      if (!lines) {
        connection.run("SELECT count(*) FROM billing.deliveries");
        return;
      }
      const std::string wanted = std::to_string(*lines);
      connection.run("SELECT CASE WHEN " + sum + " = " + wanted +
                     " THEN '' ELSE error('the views show ' || (" + sum + ") || ' lines, not " +
                     wanted + "') END");
    } catch (const Error& error) {
      const std::string what = error.what();
      // Of before the first load of a ledger; at the end it must be there.
      if (!lines && what.find("deliveries does not exist") != std::string::npos) return;
      tell("views: " + what);
    }
  }

  std::size_t all_lines() const {
    std::size_t lines = 0;
    for (const auto& [partition, bills] : world_.delivered()) {
      const auto version = visible_.find(partition);
      if (version == visible_.end()) continue;
      const auto bill = std::ranges::find(bills, version->second, &TrueBill::version);
      if (bill != bills.end()) lines += lines_with_late(*bill).size();
    }
    return lines;
  }

  void look_for_newest(const PartitionName& partition, const std::vector<TrueBill>& bills) {
    const Records records = records_of(partition);
    const DeliveryRecord* current = current_delivery(records);
    if (current != nullptr && !current->hold.empty()) return;
    const TrueBill& newest = bills.back();
    const bool is_known_refused = std::ranges::any_of(records, [&](const DeliveryRecord& record) {
      return record.state == DeliveryState::kRefused && record.id.version == newest.version;
    });
    const bool is_waived = std::ranges::any_of(records, [&](const DeliveryRecord& record) {
      return !record.waiver.empty() && record.id.version == newest.version;
    });
    if (newest.is_refused && !is_waived) {
      if (!is_known_refused) tell(in_words(partition) + ": the ledger misses the refusal");
    } else if (current == nullptr || current->id.version != newest.version) {
      tell(in_words(partition) + " does not show its newest delivery, " + newest.version);
    }
  }

  void verify() {
    for (const auto& report : process_.pipeline().verify({}, {})) {
      if (report.verdict != VerifyReport::Verdict::kDiffers) continue;
      tell("receipt verify: " + report.id.partition_name() +
           " differs: " + (report.differences.empty() ? "" : report.differences.front()));
    }
  }

  static constexpr std::uint64_t kMostQuarantine = 1 << 26;

  ChaosWorld& world_;
  ChaosProcess process_;
  const Records records_;
  VisibleVersions visible_;
  Problems problems_;
};

Problems what_it_finds(ChaosWorld& world, Problems (Look::*look)(), VisibleVersions* visible) {
  try {
    Look one(world);
    Problems problems = (one.*look)();
    if (visible != nullptr) *visible = one.visible();
    return problems;
  } catch (const Error& error) {
    return {std::string("the lake cannot be read: ") + error.what()};
  }
}

}  // namespace

Problems visible_problems(ChaosWorld& world, VisibleVersions* visible) {
  return what_it_finds(world, &Look::problems, visible);
}

Problems converged_problems(ChaosWorld& world) {
  return what_it_finds(world, &Look::problems_of_the_end, nullptr);
}

}  // namespace finops::chaos
