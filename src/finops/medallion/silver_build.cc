#include "finops/medallion/silver_build.h"

#include <algorithm>
#include <set>
#include <utility>

#include "finops/core/error.h"
#include "finops/engines/sql_text.h"
#include "finops/medallion/query_results.h"

namespace finops::medallion {
namespace {

constexpr const char* kRepeated = "finops_repeated_keys";
constexpr const char* kFirstRows = "finops_first_rows";
constexpr const char* kInvalid = "finops_invalid_rows";

using MoneyByCurrency = std::map<std::string, Decimal>;

std::string column_list(const std::vector<Column>& columns, const std::string& prefix = "") {
  std::string list;
  for (const Column& column : columns) {
    list += (list.empty() ? "" : ", ") + prefix + quoted_identifier(column.name);
  }
  return list;
}

class SilverBuild {
 public:
  SilverBuild(RunTables& tables, const LayerNames& names, const datasets::Dataset& dataset,
              const datasets::SilverRules& rules, const SilverSql& sql, std::stop_token stop)
      : tables_(tables),
        engine_(tables.engine()),
        dataset_(dataset),
        rules_(rules),
        sql_(sql),
        stop_(std::move(stop)),
        silver_{names.silver, dataset.name},
        quarantine_{names.silver, quarantine_name(dataset.name)},
        bronze_("bronze." + quoted_identifier(dataset.name)) {}

  DatasetReport run(const std::vector<Column>& bronze_columns) {
    report_.dataset = dataset_.name;
    report_.is_rebuilt = true;
    const std::string judged = sql_.judged(bronze_, first_rows());
    engine_.keep(kInvalid,
                 "SELECT " + std::string(kSourceFile) + ", " + kSourceLine + ", " + kReasons +
                     " FROM (" + judged + ") WHERE " + kReasons + " <> '[]'",
                 stop_);
    report_.valid_rows = tables_.replace_rows(silver_, sql_.columns(),
                                              "SELECT " + column_list(sql_.columns()) + " FROM (" +
                                                  judged + ") WHERE " + kReasons + " = '[]'",
                                              stop_);
    report_.quarantined_rows = tables_.replace_rows(
        quarantine_, quarantine_columns(bronze_columns),
        "SELECT " + column_list(bronze_columns, "b.") + ", i." + kReasons + " FROM " + bronze_ +
            " AS b JOIN " + kInvalid + " AS i ON b." + kSourceFile + " = i." + kSourceFile +
            " AND b." + kSourceLine + " = i." + kSourceLine,
        stop_);
    tables_.show(silver_, "silver", silver_.name);
    tables_.show(quarantine_, "silver", quarantine_.name);
    prove();
    report_.reasons = codes("silver." + quoted_identifier(quarantine_.name), kReasons);
    report_.flags = codes("silver." + quoted_identifier(silver_.name), kFlags);
    for (const char* kept : {kRepeated, kFirstRows, kInvalid}) engine_.forget(kept);
    return std::move(report_);
  }

 private:
  /// The table of first rows of repeated keys; empty when no key is.
  std::string first_rows() {
    const std::string repeated = sql_.repeated_keys(bronze_);
    if (repeated.empty()) return "";
    engine_.keep(kRepeated, repeated, stop_);
    if (number_of(engine_, "SELECT count(*) FROM " + std::string(kRepeated), stop_) == 0) return "";
    engine_.keep(kFirstRows, sql_.first_rows_of_keys(bronze_, kRepeated), stop_);
    return kFirstRows;
  }

  void prove() {
    report_.bronze_rows = number_of(engine_, "SELECT count(*) FROM " + bronze_, stop_);
    if (report_.bronze_rows != report_.valid_rows + report_.quarantined_rows) {
      throw Error(ErrorKind::kInternal,
                  "bronze of " + dataset_.name + " has " + std::to_string(report_.bronze_rows) +
                      " rows, silver and quarantine have " + std::to_string(report_.valid_rows) +
                      " and " + std::to_string(report_.quarantined_rows) +
                      ", so nothing is published. This is a defect of finops");
    }
    for (const auto& money : dataset_.money) prove(money);
  }

  void prove(const datasets::MoneyColumn& money) {
    const std::string normalised = sql_.normalised(bronze_);
    const std::string quarantined =
        sql_.normalised("silver." + quoted_identifier(quarantine_.name));
    const std::string silver_currency =
        rules_.currency_column.empty() ? money.currency_column : rules_.currency_column;
    const auto bronze = sums("(" + normalised + ")", money, money.currency_column);
    const auto in_quarantine = sums("(" + quarantined + ")", money, money.currency_column);
    const auto silver = sums("silver." + quoted_identifier(silver_.name), money, silver_currency);
    std::set<std::string> currencies;
    for (const auto* of : {&bronze, &in_quarantine, &silver}) {
      for (const auto& [currency, sum] : *of) currencies.insert(currency);
    }
    const auto sum_in = [](const MoneyByCurrency& sums, const std::string& currency) {
      const auto it = sums.find(currency);
      return it == sums.end() ? Decimal() : it->second;
    };
    for (const auto& currency : currencies) {
      MoneyProof proof{money.column, currency, sum_in(bronze, currency), sum_in(silver, currency),
                       sum_in(in_quarantine, currency)};
      if (proof.silver + proof.quarantined != proof.bronze) throw unbalanced(proof);
      report_.money.push_back(std::move(proof));
    }
  }

  Error unbalanced(const MoneyProof& proof) const {
    return {ErrorKind::kInvalidData,
            "the money of " + dataset_.name + "." + proof.column + " in '" + proof.currency +
                "' does not balance, so nothing is published: bronze has " +
                proof.bronze.to_string() + ", silver " + proof.silver.to_string() +
                ", quarantine " + proof.quarantined.to_string() + "; see whether a rule (" +
                rules_.origin.where + ") changes this column or its currency"};
  }

  MoneyByCurrency sums(const std::string& from, const datasets::MoneyColumn& money,
                       const std::string& currency_column) {
    const std::string currency = currency_column.empty()
                                     ? quoted_literal(money.currency)
                                     : "coalesce(" + quoted_identifier(currency_column) + ", '')";
    MoneyByCurrency sums;
    for_each_row(engine_,
                 "SELECT " + currency + ", sum(" + quoted_identifier(money.column) + ") FROM " +
                     from + " GROUP BY 1",
                 stop_, [&](const ResultRow& row) {
                   if (row[1]) sums[row[0].value_or("")] = decimal_of(*row[1]);
                 });
    return sums;
  }

  std::map<std::string, std::int64_t> codes(const std::string& from, const char* column) {
    std::map<std::string, std::int64_t> counts;
    for_each_row(engine_,
                 "SELECT trim(code, '\"'), count(*) FROM (SELECT unnest(string_split(trim(" +
                     std::string(column) + ", '[]'), ',')) AS code FROM " + from + " WHERE " +
                     column + " <> '[]') GROUP BY 1",
                 stop_, [&](const ResultRow& row) {
                   counts[row[0].value_or("")] = std::stoll(row[1].value_or("0"));
                 });
    return counts;
  }

  RunTables& tables_;
  TransformEngine& engine_;
  const datasets::Dataset& dataset_;
  const datasets::SilverRules& rules_;
  const SilverSql& sql_;
  const std::stop_token stop_;
  const lake::TableName silver_, quarantine_;
  const std::string bronze_;
  DatasetReport report_;
};

}  // namespace

LayerNames layer_names(const datasets::Project& project) {
  const std::string prefix =
      project.is_default_semantics() ? project.name : project.name + "_" + project.semantics;
  return {prefix + "_silver", prefix + "_gold"};
}

std::string quarantine_name(const std::string& dataset) { return dataset + "_quarantine"; }

std::vector<Column> quarantine_columns(const std::vector<Column>& bronze) {
  std::vector<Column> columns;
  for (Column column : bronze) {
    column.field_id = 0;
    columns.push_back(std::move(column));
  }
  columns.push_back({kReasons, ColumnType::kText, "added by finops: why the row is here, as JSON"});
  return columns;
}

DatasetReport build_silver(RunTables& tables, const LayerNames& names,
                           const datasets::Dataset& dataset, const datasets::SilverRules& rules,
                           const SilverSql& sql, const std::stop_token& stop) {
  const auto columns = tables.engine().columns_of("FROM bronze." + quoted_identifier(dataset.name));
  return SilverBuild(tables, names, dataset, rules, sql, stop).run(columns);
}

}  // namespace finops::medallion
