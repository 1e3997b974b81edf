#include "finops/medallion/silver_build.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "finops/core/error.h"
#include "finops/engines/sql_text.h"
#include "finops/medallion/bronze_load.h"
#include "finops/medallion/money_sums.h"
#include "finops/medallion/query_results.h"
#include "finops/medallion/repeated_keys.h"

namespace finops::medallion {
namespace {

constexpr const char* kBronzePack = "finops_pack";
constexpr const char* kJudged = "finops_judged";
constexpr const char* kQuarantineBefore = "finops_quarantine_before";
constexpr const char* kQuarantineNow = "finops_quarantine_now";

std::string column_list(const std::vector<Column>& columns, const std::string& prefix = "") {
  return sql_list(columns,
                  [&](const Column& column) { return prefix + quoted_identifier(column.name); });
}

std::set<std::string> data_files_of(const std::vector<LandedFile>& files) {
  std::set<std::string> keys;
  for (const auto& file : files) keys.insert(file.data_files.begin(), file.data_files.end());
  return keys;
}

class SilverBuild {
 public:
  SilverBuild(RunTables& tables, const SilverJob& job, std::stop_token stop)
      : tables_(tables),
        engine_(tables.engine()),
        job_(job),
        stop_(std::move(stop)),
        bronze_(bronze_table(job.project.name, job.dataset.name)),
        silver_{job.names.silver, job.dataset.name},
        quarantine_{job.names.silver, quarantine_name(job.dataset.name)} {}

  SilverResult run(const std::vector<Pack>* before) {
    std::set<std::string> old;
    if (before == nullptr) {
      old = tables_.keys_of(silver_);
      old.merge(tables_.keys_of(quarantine_));
    }
    require_same_table();
    const PackPlan plan = plan_of(before);
    bronze_columns_ = engine_.columns_of("FROM bronze." + quoted_identifier(job_.dataset.name));
    tables_.prepare(silver_, job_.sql.columns(), names_of(job_.dataset.partition_by));
    tables_.prepare(quarantine_, quarantine_columns(bronze_columns_));
    SilverResult result{plan.stay, 0, {}, {}};
    for (const auto& files : plan.make) {
      result.packs.push_back(make(files));
      result.refined_rows += result.packs.back().counts.bronze_rows;
    }
    if (before != nullptr) result.change = change_of(plan, result.packs);
    if (keys_) keys_->finish();
    for (const Pack& pack : plan.go) {
      old.insert(pack.silver_keys.begin(), pack.silver_keys.end());
      old.insert(pack.quarantine_keys.begin(), pack.quarantine_keys.end());
    }
    result.quarantine = compare_quarantine(old, result.packs, plan.stay.size());
    drop(silver_, old);
    drop(quarantine_, old);
    tables_.show(silver_, "silver", silver_.name);
    tables_.show(quarantine_, "silver", quarantine_.name);
    return result;
  }

 private:
  /// A table that is there keeps its partitions and the types of its columns.
  void require_same_table() {
    const auto& dataset = job_.dataset;
    tables_.require_partitions(silver_, dataset.partition_by, dataset.origin, "the dataset");
    if (const auto retyped = tables_.find_retyped(silver_, job_.sql.columns())) {
      throw retyped->error.within(origin_of(retyped->column).to_string());
    }
  }

  /// Where the project's files say what type a column of silver has.
  const Origin& origin_of(const std::string& column) const {
    for (const auto& delivered : job_.dataset.columns) {
      if (delivered.name == column) return delivered.origin;
    }
    for (const auto& derived : job_.rules.derived) {
      if (derived.column == column) return derived.origin;
    }
    for (const auto& join : job_.rules.joins) {
      const auto has_name = [&](const auto& pair) { return pair.first == column; };
      if (std::ranges::any_of(join.columns, has_name)) return join.origin;
    }
    return job_.dataset.origin;
  }

  /// Also looks for repeated keys, which decide what else is to be made anew.
  PackPlan plan_of(const std::vector<Pack>* before) {
    PackPlan plan = plan_packs(before == nullptr ? std::vector<Pack>() : *before, job_.landed, {});
    if (!job_.sql.has_unique_key()) return plan;
    keys_.emplace(tables_, job_.names, job_.project.name, job_.dataset, job_.sql, stop_);
    if (before == nullptr) {
      keys_->find_all();
      return plan;
    }
    std::vector<LandedFile> changed;
    for (const auto& file : job_.landed) {
      if (plan.changed_files.contains(file.file)) changed.push_back(file);
    }
    also_changed_ = keys_->find_of(plan.changed_files, data_files_of(changed));
    return plan_packs(*before, job_.landed, also_changed_);
  }

  RowsChange change_of(const PackPlan& plan, const std::vector<Pack>& packs) const {
    RowsChange change{
        .is_whole = false, .files = plan.changed_files, .old_keys = {}, .new_keys = {}};
    change.files.insert(also_changed_.begin(), also_changed_.end());
    for (const Pack& pack : plan.go) {
      change.old_keys.insert(pack.silver_keys.begin(), pack.silver_keys.end());
    }
    for (std::size_t i = plan.stay.size(); i < packs.size(); ++i) {
      change.new_keys.insert(packs[i].silver_keys.begin(), packs[i].silver_keys.end());
    }
    return change;
  }

  /// Of the packs that go and those that come, from the `first_new` on.
  QuarantineDifference compare_quarantine(const std::set<std::string>& old,
                                          const std::vector<Pack>& packs, std::size_t first_new) {
    std::set<std::string> now;
    for (std::size_t i = first_new; i < packs.size(); ++i) {
      now.insert(packs[i].quarantine_keys.begin(), packs[i].quarantine_keys.end());
    }
    const std::set<std::string> before = present(quarantine_, old);
    if (before.empty() && now.empty()) return {};
    tables_.show_files(quarantine_, before, "silver", kQuarantineBefore);
    tables_.show_files(quarantine_, now, "silver", kQuarantineNow);
    return quarantine_difference(
        engine_, job_.dataset, job_.sql, quarantine_columns(bronze_columns_),
        "silver." + std::string(kQuarantineBefore), "silver." + std::string(kQuarantineNow), stop_);
  }

  /// Those of the keys that are of the table.
  std::set<std::string> present(const lake::TableName& table, const std::set<std::string>& keys) {
    std::set<std::string> here;
    std::ranges::set_intersection(tables_.keys_of(table), keys, std::inserter(here, here.end()));
    return here;
  }

  void drop(const lake::TableName& table, const std::set<std::string>& keys) {
    tables_.remove_files(table, present(table, keys));
  }

  Pack make(const std::vector<LandedFile>& files) {
    Pack pack;
    for (const auto& file : files) {
      pack.files[file.file] = version_of(file);
      pack.counts.bronze_rows += file.rows;
    }
    if (pack.counts.bronze_rows == 0) return pack;
    tables_.show_files(bronze_, data_files_of(files), "bronze", kBronzePack);
    const std::string judged = judge();
    count(judged, pack.counts);
    require_partition_values(judged);
    auto valid = tables_.add_rows(silver_, job_.sql.columns(),
                                  "SELECT " + column_list(job_.sql.columns()) + " FROM " + judged +
                                      " WHERE " + kReasons + " = '[]'",
                                  stop_);
    RunTables::NewRows invalid;
    if (pack.counts.quarantined_rows > 0) invalid = set_aside(judged);
    pack.silver_keys = std::move(valid.keys);
    pack.quarantine_keys = std::move(invalid.keys);
    prove_rows(pack, valid.rows, invalid.rows);
    for (const auto& money : job_.dataset.money) prove(money, pack);
    engine_.forget(kJudged);
    return pack;
  }

  void require_partition_values(const std::string& judged) {
    for (const auto& partition : job_.dataset.partition_by) {
      for_each_row(engine_,
                   "SELECT " + std::string(kSourceFile) + ", " + kSourceLine + " FROM " + judged +
                       " WHERE " + kReasons + " = '[]' AND coalesce(" +
                       quoted_identifier(partition.name) + ", '') = '' ORDER BY ALL LIMIT 1",
                   stop_, [&](const ResultRow& row) {
                     throw Error(
                         ErrorKind::kInvalidData,
                         "'partition_by' names the column '" + partition.name +
                             "', which is NULL or empty in a valid row, " + row[0].value_or("") +
                             ":" + row[1].value_or("") +
                             "; give it a value there, or put such rows into quarantine by a rule")
                         .within(partition.origin.to_string());
                   });
    }
  }

  std::string judge() {
    engine_.keep(kJudged, job_.sql.judged("bronze." + std::string(kBronzePack)), stop_);
    const std::string later = keys_ ? keys_->add(kJudged) : "";
    return later.empty() ? kJudged : SilverSql::with_duplicates(kJudged, later);
  }

  RunTables::NewRows set_aside(const std::string& judged) {
    return tables_.add_rows(quarantine_, quarantine_columns(bronze_columns_),
                            "SELECT " + column_list(bronze_columns_, "b.") + ", j." + kReasons +
                                " FROM bronze." + kBronzePack + " AS b JOIN (SELECT * FROM " +
                                judged + " WHERE " + kReasons + " <> '[]') AS j ON b." +
                                kSourceFile + " = j." + kSourceFile + " AND b." + kSourceLine +
                                " = j." + kSourceLine,
                            stop_);
  }

  /// Rows by codes. Codes of flags are those of valid rows.
  void count(const std::string& judged, RowCounts& counts) {
    for_each_row(engine_,
                 "SELECT " + std::string(kReasons) + ", CASE WHEN " + kReasons + " = '[]' THEN " +
                     kFlags + " ELSE '[]' END, count(*) FROM " + judged + " GROUP BY 1, 2",
                 stop_, [&](const ResultRow& row) {
                   const std::int64_t rows = std::stoll(row[2].value_or("0"));
                   const bool is_valid = row[0].value_or("") == "[]";
                   (is_valid ? counts.valid_rows : counts.quarantined_rows) += rows;
                   add_codes(row[0].value_or(""), rows, counts.reasons);
                   add_codes(row[1].value_or(""), rows, counts.flags);
                 });
  }

  static void add_codes(const std::string& list, std::int64_t rows,
                        std::map<std::string, std::int64_t>& counts) {
    for (const auto& code : codes_of(list)) counts[code] += rows;
  }

  void prove_rows(const Pack& pack, std::int64_t valid, std::int64_t invalid) const {
    const RowCounts& counts = pack.counts;
    const bool is_proved = valid == counts.valid_rows && invalid == counts.quarantined_rows &&
                           valid + invalid == counts.bronze_rows;
    if (is_proved) return;
    throw Error(ErrorKind::kInternal,
                "bronze of " + job_.dataset.name + " has " + std::to_string(counts.bronze_rows) +
                    " rows, silver and quarantine have " + std::to_string(valid) + " and " +
                    std::to_string(invalid) +
                    ", so nothing is published. This is a defect of finops");
  }

  /// Each side is added up from the files that hold it.
  void prove(const datasets::MoneyColumn& money, Pack& pack) {
    tables_.show_files(silver_, pack.silver_keys, "silver", "finops_silver_pack");
    tables_.show_files(quarantine_, pack.quarantine_keys, "silver", "finops_quarantine_pack");
    const std::string silver_currency =
        job_.rules.currency_column.empty() ? money.currency_column : job_.rules.currency_column;
    const auto bronze = sums("(" + job_.sql.normalised("bronze." + std::string(kBronzePack)) + ")",
                             money, money.currency_column);
    const auto silver = sums("silver.finops_silver_pack", money, silver_currency);
    MoneyByCurrency quarantined;
    if (!pack.quarantine_keys.empty()) {
      quarantined = sums("(" + job_.sql.normalised("silver.finops_quarantine_pack") + ")", money,
                         money.currency_column);
    }
    std::set<std::string> currencies;
    for (const MoneyByCurrency* of : {&bronze, &silver, &std::as_const(quarantined)}) {
      for (const auto& [currency, sum] : *of) currencies.insert(currency);
    }
    const auto sum_in = [](const MoneyByCurrency& sums, const std::string& currency) {
      const auto it = sums.find(currency);
      return it == sums.end() ? Decimal() : it->second;
    };
    for (const auto& currency : currencies) {
      MoneyProof proof{money.column, currency, sum_in(bronze, currency), sum_in(silver, currency),
                       sum_in(quarantined, currency)};
      if (proof.silver + proof.quarantined != proof.bronze) throw unbalanced(money, proof);
      pack.counts.money.push_back(std::move(proof));
    }
  }

  Error unbalanced(const datasets::MoneyColumn& money, const MoneyProof& proof) const {
    return {ErrorKind::kInvalidData,
            "the money of " + job_.dataset.name + "." + proof.column + " in '" + proof.currency +
                "' does not balance, so nothing is published: bronze has " +
                proof.bronze.to_string() + ", silver " + proof.silver.to_string() +
                ", quarantine " + proof.quarantined.to_string() + "; " + suspects(money)};
  }

  /// What may have changed money: the rules that set the column or its currency.
  std::string suspects(const datasets::MoneyColumn& money) const {
    std::string list;
    for (const auto& rule : job_.rules.rules) {
      for (const auto& [column, value] : rule.set) {
        const bool is_one = column == money.column || column == money.currency_column ||
                            column == job_.rules.currency_column;
        if (!is_one) continue;
        list += (list.empty() ? "" : ", ") + value.origin.where + " sets " + column +
                (rule.code.empty() ? "" : " (rule " + rule.code + ")");
      }
    }
    if (!list.empty()) return list;
    return "see whether a rule (" + job_.rules.origin.where +
           ") changes this column or its currency";
  }

  MoneyByCurrency sums(const std::string& from, const datasets::MoneyColumn& money,
                       const std::string& currency_column) {
    return money_sums(engine_, from, money, currency_column, stop_);
  }

  RunTables& tables_;
  TransformEngine& engine_;
  const SilverJob& job_;
  const std::stop_token stop_;
  const lake::TableName bronze_, silver_, quarantine_;
  std::vector<Column> bronze_columns_;
  std::set<std::string> also_changed_;
  std::optional<RepeatedKeys> keys_;  // where the dataset has such a rule
};

}  // namespace

std::vector<Column> quarantine_columns(const std::vector<Column>& bronze) {
  std::vector<Column> columns;
  for (Column column : bronze) {
    column.field_id = 0;
    columns.push_back(std::move(column));
  }
  columns.push_back({kReasons, ColumnType::kText, "added by finops: why the row is here, as JSON"});
  return columns;
}

SilverResult refine(RunTables& tables, const SilverJob& job, const std::vector<Pack>* before,
                    const std::stop_token& stop) {
  return SilverBuild(tables, job, stop).run(before);
}

}  // namespace finops::medallion
