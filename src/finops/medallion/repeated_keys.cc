#include "finops/medallion/repeated_keys.h"

#include <utility>

#include "finops/engines/sql_text.h"
#include "finops/medallion/bronze_load.h"
#include "finops/medallion/query_results.h"

namespace finops::medallion {
namespace {

constexpr const char* kKeys = "finops_keys";  // that are looked at and repeated
constexpr const char* kFirstRows = "finops_first_rows";
constexpr const char* kLaterRows = "finops_later_rows";
constexpr const char* kChanged = "finops_changed";  // bronze of changed files
constexpr const char* kChangedKeys = "finops_changed_keys";
constexpr const char* kPlaces = "finops_places";  // rows of bronze with one of them

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

std::int64_t RepeatedKeys::rows_of(const char* table) {
  return number_of(engine_, "SELECT count(*) FROM " + std::string(table), stop_);
}

void RepeatedKeys::find_all() {
  keep_repeated("SELECT " + sql_.key_list() + " FROM (" + sql_.normalised(bronze_) + ") WHERE " +
                sql_.has_key());
  has_before_ = false;
  has_rows_ = false;
}

std::set<std::string> RepeatedKeys::find_of(const std::set<std::string>& changed_files,
                                            const std::set<std::string>& new_keys) {
  tables_.show_files(bronze_table_, new_keys, "bronze", kChanged);
  const std::string of_changed =
      " WHERE " + std::string(kSourceFile) + " IN (" + quoted_literals(changed_files) + ")";
  engine_.keep(kChangedKeys,
               "SELECT DISTINCT " + sql_.key_list() + " FROM (SELECT " + sql_.key_list() +
                   " FROM (" + sql_.normalised("bronze." + std::string(kChanged)) +
                   ") UNION ALL SELECT " + sql_.key_list() + " FROM " + silver_ + of_changed +
                   " UNION ALL SELECT " + sql_.key_list() + " FROM (" +
                   sql_.normalised("(FROM " + quarantine_ + of_changed + ")") + ")) WHERE " +
                   sql_.has_key(),
               stop_);
  engine_.keep(kPlaces,
               "SELECT n." + std::string(kSourceFile) + ", " + sql_.key_list("n.") + " FROM (" +
                   sql_.normalised(bronze_) + ") AS n SEMI JOIN " + kChangedKeys + " AS k ON " +
                   sql_.same_key("n", "k"),
               stop_);
  keep_repeated("SELECT " + sql_.key_list() + " FROM " + kPlaces);
  std::set<std::string> files;
  for_each_row(engine_, "SELECT DISTINCT " + std::string(kSourceFile) + " FROM " + kPlaces, stop_,
               [&](const ResultRow& row) { files.insert(row[0].value_or("")); });
  has_before_ = tables_.find(table_) != nullptr;
  if (has_before_) {
    tables_.show(table_, "silver", table_.name);
    engine_.keep(kFirstRows,
                 "SELECT b.* FROM silver." + quoted_identifier(table_.name) + " AS b ANTI JOIN " +
                     kChangedKeys + " AS k ON " + sql_.same_key("b", "k"),
                 stop_);
    has_rows_ = rows_of(kFirstRows) > 0;
  }
  engine_.forget(kPlaces);
  engine_.forget(kChangedKeys);
  return files;
}

void RepeatedKeys::keep_repeated(const std::string& keys) {
  engine_.keep(kKeys, "SELECT * FROM (" + keys + ") GROUP BY ALL HAVING count(*) > 1", stop_);
  has_keys_ = rows_of(kKeys) > 0;
}

std::string RepeatedKeys::add(const std::string& judged) {
  if (has_keys_) {
    const std::string place = "{f: " + std::string(kSourceFile) + ", l: " + kSourceLine + "}";
    const std::string known = has_rows_ ? " AS n ANTI JOIN " + std::string(kFirstRows) +
                                              " AS f ON " + sql_.same_key("n", "f")
                                        : "";
    const std::string more = "SELECT " + sql_.key_list() +
                             ", place.f AS first_file, place.l AS first_line FROM (SELECT " +
                             sql_.key_list("j.") + ", min(" + place + ") AS place FROM " + judged +
                             " AS j SEMI JOIN " + kKeys + " AS k ON " + sql_.same_key("j", "k") +
                             " WHERE j." + kReasons + " = '[]' GROUP BY ALL)" + known;
    engine_.keep(kFirstRows,
                 (has_rows_ ? "FROM " + std::string(kFirstRows) + " UNION ALL " : "") + more,
                 stop_);
    has_rows_ = rows_of(kFirstRows) > 0;
  }
  if (!has_rows_) return "";
  engine_.keep(kLaterRows, sql_.later_rows(judged, kFirstRows), stop_);
  return rows_of(kLaterRows) > 0 ? kLaterRows : "";
}

void RepeatedKeys::finish() {
  const bool is_there = tables_.find(table_) != nullptr;
  if (has_rows_ || is_there) {
    std::vector<Column> columns = sql_.key_columns();
    columns.push_back({.name = "first_file", .type = ColumnType::kText, .doc = "first_file"});
    columns.push_back({.name = "first_line", .type = ColumnType::kLong, .doc = "first_line"});
    std::string nothing;
    for (const Column& column : columns) {
      nothing += (nothing.empty() ? "SELECT " : ", ") + std::string("NULL AS ") +
                 quoted_identifier(column.name);
    }
    tables_.replace_rows(table_, columns,
                         has_rows_ ? "FROM " + std::string(kFirstRows) : nothing + " WHERE false",
                         stop_);
  }
  for (const char* kept : {kKeys, kFirstRows, kLaterRows}) engine_.forget(kept);
}

}  // namespace finops::medallion
