#include "finops/medallion/repeated_keys.h"

#include <utility>

#include "finops/engines/sql_text.h"
#include "finops/medallion/bronze_load.h"
#include "finops/medallion/query_results.h"

namespace finops::medallion {
namespace {

constexpr const char* kKeys = "finops_keys";      // that are looked at
constexpr const char* kPlaces = "finops_places";  // rows of bronze with one of them
constexpr const char* kChanged = "finops_changed";

std::string with_place(const std::string& prefix) {
  return prefix + kSourceFile + ", " + prefix + kSourceLine;
}

std::string literals(const std::set<std::string>& texts) {
  std::string list;
  for (const auto& text : texts) list += (list.empty() ? "" : ", ") + quoted_literal(text);
  return list;
}

}  // namespace

RepeatedKeys::RepeatedKeys(RunTables& tables, const LayerNames& names, const std::string& project,
                           const datasets::Dataset& dataset, const SilverSql& sql,
                           std::stop_token stop)
    : tables_(tables),
      engine_(tables.engine()),
      sql_(sql),
      stop_(std::move(stop)),
      bronze_table_(bronze_table(project, dataset.name)),
      table_{names.silver, dataset.name + "_repeated_keys"},
      bronze_("bronze." + quoted_identifier(dataset.name)),
      silver_("silver." + quoted_identifier(dataset.name)),
      quarantine_("silver." + quoted_identifier(quarantine_name(dataset.name))) {}

void RepeatedKeys::find_all() {
  engine_.keep(kKeys,
               "SELECT " + sql_.key_list() + " FROM (" + sql_.normalised(bronze_) + ") WHERE " +
                   sql_.has_key() + " GROUP BY ALL HAVING count(*) > 1",
               stop_);
  if (tables_.find(table_) != nullptr) {
    tables_.show_files(table_, {}, "silver", table_.name);  // nothing of it counts any more
  } else if (number_of(engine_, "SELECT count(*) FROM " + std::string(kKeys), stop_) == 0) {
    engine_.forget(kKeys);
    return;
  }
  find_places();
  keep_first_rows();
}

std::set<std::string> RepeatedKeys::refresh(const std::set<std::string>& changed_files,
                                            const std::set<std::string>& new_keys) {
  tables_.show_files(bronze_table_, new_keys, "bronze", kChanged);
  const std::string of_changed =
      " WHERE " + std::string(kSourceFile) + " IN (" + literals(changed_files) + ")";
  engine_.keep(kKeys,
               "SELECT DISTINCT " + sql_.key_list() + " FROM (SELECT " + sql_.key_list() +
                   " FROM (" + sql_.normalised("bronze." + std::string(kChanged)) +
                   ") UNION ALL SELECT " + sql_.key_list() + " FROM " + silver_ + of_changed +
                   " UNION ALL SELECT " + sql_.key_list() + " FROM (" +
                   sql_.normalised("(FROM " + quarantine_ + of_changed + ")") + ")) WHERE " +
                   sql_.has_key(),
               stop_);
  if (tables_.find(table_) != nullptr) tables_.show(table_, "silver", table_.name);
  find_places();
  std::set<std::string> files;
  for_each_row(engine_, "SELECT DISTINCT " + std::string(kSourceFile) + " FROM " + kPlaces, stop_,
               [&](const ResultRow& row) { files.insert(row[0].value_or("")); });
  keep_first_rows();
  return files;
}

void RepeatedKeys::find_places() {
  engine_.keep(kPlaces,
               "SELECT " + with_place("n.") + ", " + sql_.key_list("n.") + " FROM (" +
                   sql_.normalised(bronze_) + ") AS n SEMI JOIN " + kKeys + " AS k ON " +
                   sql_.same_key("n", "k"),
               stop_);
}

/// What is known of other keys, and the first valid row of those that are looked at and repeated.
void RepeatedKeys::keep_first_rows() {
  const std::string repeated = "(SELECT * FROM " + std::string(kPlaces) +
                               " QUALIFY count(*) OVER (PARTITION BY " + sql_.key_list() + ") > 1)";
  const std::string rows = "(SELECT b.* FROM " + bronze_ + " AS b SEMI JOIN " + repeated +
                           " AS p ON b." + kSourceFile + " = p." + kSourceFile + " AND b." +
                           kSourceLine + " = p." + kSourceLine + ")";
  const std::string first = "{f: " + std::string(kSourceFile) + ", l: " + kSourceLine + "}";
  const std::string found = "SELECT " + sql_.key_list() + ", min(" + first + ") AS first FROM (" +
                            sql_.judged(rows) + ") WHERE " + kReasons + " = '[]' GROUP BY ALL";
  const bool has_before = tables_.find(table_) != nullptr;
  const std::string before = "SELECT " + sql_.key_list("b.") +
                             ", b.first_file, b.first_line FROM " + "silver." +
                             quoted_identifier(table_.name) + " AS b ANTI JOIN " + kKeys +
                             " AS k ON " + sql_.same_key("b", "k") + " UNION ALL ";
  engine_.keep(kFirstRows,
               (has_before ? before : "") + "SELECT " + sql_.key_list() +
                   ", first.f AS first_file, first.l AS first_line FROM (" + found + ")",
               stop_);
  has_rows_ = number_of(engine_, "SELECT count(*) FROM " + std::string(kFirstRows), stop_) > 0;
  engine_.forget(kPlaces);
  engine_.forget(kKeys);
  if (!has_rows_ && !has_before) return;
  std::vector<Column> columns = sql_.key_columns();
  columns.push_back({.name = "first_file", .type = ColumnType::kText, .doc = "first_file"});
  columns.push_back({.name = "first_line", .type = ColumnType::kLong, .doc = "first_line"});
  tables_.replace_rows(table_, columns, "FROM " + std::string(kFirstRows), stop_);
}

}  // namespace finops::medallion
