#include "finops/medallion/dataset_quarantine.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <set>

#include "finops/core/error.h"
#include "finops/engines/sql_text.h"
#include "finops/medallion/bronze_load.h"
#include "finops/medallion/layer_names.h"
#include "finops/medallion/money_sums.h"
#include "finops/medallion/query_results.h"
#include "finops/medallion/silver_build.h"
#include "finops/medallion/silver_sql.h"
#include "finops/medallion/table_states.h"
#include "finops/medallion/waivers.h"

namespace finops::medallion {
namespace {

using datasets::Dataset;

unsigned hex_digit(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'A' + 10); }

/// Of DuckDB's hex(), which has capitals.
std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(hex_digit(hex[i]) << 4 | hex_digit(hex[i + 1]));
  }
  return bytes;
}

class QuarantineReading {
 public:
  QuarantineReading(const datasets::Project& project, const RunPlace& place,
                    const QuarantineChoice& choice, std::stop_token stop)
      : project_(project),
        engine_(*place.engine),
        choice_(choice),
        stop_(std::move(stop)),
        name_space_(layer_names(project).silver),
        tables_(tables_at(place, RunTables::Makes::kHere)) {
    datasets::require_datasets(project, choice.datasets);
    if (read_table_states(tables_, name_space_).empty()) throw not_made_yet(project);
    waivers_ = read_waivers(tables_, name_space_);
    std::erase_if(waivers_, [&](const Waiver& waiver) { return !is_chosen(waiver.dataset); });
  }

  ProjectQuarantine summaries(bool by_file) {
    ProjectQuarantine all{project_.name, project_.semantics, {}, waivers_};
    std::map<std::string, std::vector<Column>> silver_columns;
    for (std::size_t i = 0; i < project_.datasets.size(); ++i) {
      const Dataset& dataset = project_.datasets[i];
      const SilverSql sql(dataset, project_.rules[i], silver_columns);
      silver_columns[dataset.name] = sql.columns();
      if (!shows(dataset)) continue;
      for (auto& [file, one] : counted(dataset, sql, by_file)) {
        all.datasets.push_back(std::move(one));
      }
    }
    std::ranges::stable_sort(all.datasets, {}, &DatasetQuarantine::dataset);
    return all;
  }

  std::vector<QuarantinedRecord> records(std::uint64_t limit) {
    std::vector<const Dataset*> by_name;
    for (const Dataset& dataset : project_.datasets) by_name.push_back(&dataset);
    std::ranges::sort(by_name, {}, &Dataset::name);
    std::vector<QuarantinedRecord> records;
    for (const Dataset* dataset : by_name) {
      if (records.size() < limit && shows(*dataset)) add_records(*dataset, limit, records);
    }
    return records;
  }

 private:
  bool is_chosen(const std::string& dataset) const {
    return choice_.datasets.empty() ||
           std::ranges::find(choice_.datasets, dataset) != choice_.datasets.end();
  }

  /// False when nobody asks for it, or no run has made it.
  bool shows(const Dataset& dataset) {
    const lake::TableName table{name_space_, quarantine_name(dataset.name)};
    if (!is_chosen(dataset.name) || tables_.find(table) == nullptr) return false;
    // A column that was declared since then is NULL in all rows.
    tables_.prepare(table, quarantine_columns(declared_bronze_columns(dataset)));
    tables_.show(table, "silver", table.name);
    return true;
  }

  /// The rows that were asked for, as a table of SQL.
  std::string chosen_rows(const Dataset& dataset) const {
    std::string rows =
        "(FROM silver." + quoted_identifier(quarantine_name(dataset.name)) + " WHERE true";
    if (!choice_.code.empty()) {
      rows += " AND contains(" + std::string(kReasons) + ", " +
              quoted_literal("\"" + choice_.code + "\"") + ")";
    }
    if (!choice_.file.empty()) {
      rows += " AND " + std::string(kSourceFile) + " = " + quoted_literal(choice_.file);
    }
    return rows + ")";
  }

  /// By landing file, "" when they are not told apart.
  using ByFile = std::map<std::string, DatasetQuarantine>;

  ByFile counted(const Dataset& dataset, const SilverSql& sql, bool by_file) {
    ByFile found;
    const auto place = [&](const ResultRow& row) -> DatasetQuarantine& {
      const std::string file = by_file ? row[0].value_or("") : "";
      DatasetQuarantine& one = found[file];
      one.dataset = dataset.name;
      one.file = file;
      return one;
    };
    const std::string by = std::string(kSourceFile) + ", " + kReasons;
    const std::string rows = chosen_rows(dataset);
    for_each_row(engine_, "SELECT " + by + ", count(*) FROM " + rows + " GROUP BY ALL", stop_,
                 [&](const ResultRow& row) {
                   const auto codes = codes_of(row[1].value_or(""));
                   const std::int64_t count = std::stoll(row[2].value_or("0"));
                   DatasetQuarantine& one = place(row);
                   one.rows += count;
                   if (are_waived(waivers_, dataset.name, row[0].value_or(""), codes)) {
                     one.waived += count;
                   }
                   for (const auto& code : codes) one.reasons[code] += count;
                 });
    for (const auto& money : dataset.money) {
      for_each_row(engine_,
                   "SELECT " + by + ", " + currency_sql(money, money.currency_column) +
                       ", count(*), sum(" + quoted_identifier(money.column) + ") FROM (" +
                       sql.normalised(rows, kReasons) + ") GROUP BY ALL",
                   stop_, [&](const ResultRow& row) {
                     add_money(row, place(row).money[money.column][row[2].value_or("")]);
                   });
    }
    return found;
  }

  static void add_money(const ResultRow& row, QuarantineOfCurrency& of_currency) {
    const auto add = [&](QuarantineCount& count) {
      count.rows += std::stoull(row[3].value_or("0"));
      if (row[4]) count.cost.add(decimal_of(*row[4]).unscaled());
    };
    add(of_currency.all);
    for (const auto& code : codes_of(row[1].value_or(""))) add(of_currency.reasons[code]);
  }

  void add_records(const Dataset& dataset, std::uint64_t limit,
                   std::vector<QuarantinedRecord>& records) {
    static const std::set<std::string> own = {kSourceFile, kSourceLine, kIngestionTime,
                                              kUnreadable, kRaw,        kReasons};
    const lake::TableView& table = *tables_.find({name_space_, quarantine_name(dataset.name)});
    std::vector<std::string> names;
    for (const Column& column : table.schema.columns) {
      if (!own.contains(column.name)) names.push_back(column.name);
    }
    const std::string place = std::string(kSourceFile) + ", " + kSourceLine;
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();  // for SQL
    for_each_row(engine_,
                 "SELECT " + place + ", " + kReasons + ", hex(" + kRaw + "), " +
                     quoted_identifiers(names) + " FROM " + chosen_rows(dataset) + " ORDER BY " +
                     place + " LIMIT " + std::to_string(std::min(limit - records.size(), kMost)),
                 stop_, [&](const ResultRow& row) {
                   QuarantinedRecord& record = records.emplace_back();
                   record.dataset = dataset.name;
                   record.file = row[0].value_or("");
                   record.line = std::stoll(row[1].value_or("0"));
                   record.reasons = codes_of(row[2].value_or(""));
                   record.is_waived =
                       are_waived(waivers_, dataset.name, record.file, record.reasons);
                   record.raw = bytes_of_hex(row[3].value_or(""));
                   for (std::size_t i = 0; i < names.size(); ++i) {
                     const auto& cell = row[i + 4];
                     if (cell) record.cells.emplace_back(names[i], *cell);
                   }
                 });
  }

  const datasets::Project& project_;
  TransformEngine& engine_;
  const QuarantineChoice& choice_;
  const std::stop_token stop_;
  const std::string name_space_;
  RunTables tables_;
  std::vector<Waiver> waivers_;
};

bool has_same_rows(const Waiver& a, const Waiver& b) {
  return a.dataset == b.dataset && a.code == b.code && a.file == b.file;
}

/// "quarantined row of orders with the reason 'x' in 'file'"
std::string rows_text(const Waiver& waiver) {
  return "quarantined row of " + waiver.dataset +
         (waiver.code.empty() ? "" : " with the reason '" + waiver.code + "'") +
         (waiver.file.empty() ? "" : " from the landing file '" + waiver.file + "'");
}

/// With what it covers now.
Waiver new_waiver(const datasets::Project& project, const RunPlace& place,
                  const DatasetWaiverRequest& request, const std::stop_token& stop) {
  Waiver waiver{.dataset = request.dataset,
                .code = request.code,
                .file = request.file,
                .reason = request.reason};
  const QuarantineChoice choice{{request.dataset}, request.code, request.file};
  const auto found =
      QuarantineReading(project, place, choice, stop).summaries(/*by_file=*/false).datasets;
  if (found.empty()) return waiver;
  waiver.rows = found.front().rows;
  for (const auto& [column, currencies] : found.front().money) {
    for (const auto& [currency, of_currency] : currencies) {
      waiver.money[column][currency] = of_currency.all.cost;
    }
  }
  waiver.since =
      std::chrono::duration_cast<std::chrono::microseconds>(place.clock->now().time_since_epoch())
          .count();
  return waiver;
}

}  // namespace

ProjectQuarantine read_quarantine(const datasets::Project& project, const RunPlace& place,
                                  const QuarantineChoice& choice, bool by_file,
                                  const std::stop_token& stop) {
  return QuarantineReading(project, place, choice, stop).summaries(by_file);
}

std::vector<QuarantinedRecord> read_quarantined_records(const datasets::Project& project,
                                                        const RunPlace& place,
                                                        const QuarantineChoice& choice,
                                                        std::uint64_t limit,
                                                        const std::stop_token& stop) {
  return QuarantineReading(project, place, choice, stop).records(limit);
}

DatasetWaiverReport waive(const datasets::Project& project, const RunPlace& place,
                          const DatasetWaiverRequest& request, const std::stop_token& stop) {
  const auto lock = lock_project(project, place.lock_folder);
  DatasetWaiverReport report{new_waiver(project, place, request, stop), false};
  const std::string name_space = layer_names(project).silver;
  RunTables tables = tables_at(place, RunTables::Makes::kInLake);
  std::vector<Waiver> waivers = read_waivers(tables, name_space);
  const auto known = std::ranges::find_if(
      waivers, [&](const Waiver& waiver) { return has_same_rows(waiver, report.waiver); });
  const bool is_known = known != waivers.end();
  if (request.withdraws ? !is_known : is_known && known->reason == request.reason) {
    if (is_known) report.waiver = *known;
    return report;
  }
  report.is_changed = true;
  if (request.withdraws) {
    report.waiver = *known;
  } else if (report.waiver.rows == 0) {
    throw Error(ErrorKind::kNotFound,
                "there is no " + rows_text(report.waiver) +
                    ", so there is nothing to waive; `finops quarantine ls --project " +
                    project.folder + "` lists what there is");
  }
  if (request.is_dry_run) return report;
  if (is_known) waivers.erase(known);
  if (!request.withdraws) waivers.push_back(report.waiver);
  write_waivers(tables, name_space, waivers);
  tables.commit({{"finops.project", project.name}, {"finops.semantics", project.semantics}});
  return report;
}

}  // namespace finops::medallion
