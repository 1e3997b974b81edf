#include "finops/engines/duckdb/view_sql.h"

#include <algorithm>
#include <set>

#include "finops/core/avro_name.h"
#include "finops/core/error.h"
#include "finops/engines/duckdb/costs_view_sql.h"

namespace finops::duckdb_sql {
namespace {

constexpr std::string_view kMainNamespace = "billing";
constexpr std::string_view kLedger = "deliveries";
constexpr std::string_view kNameMapping = "schema.name-mapping.default";

std::string shown_column(const Column& column) {
  const std::string name = quoted_identifier(column.name);
  if (column.type != ColumnType::kTimestamp) return name;
  // As AT TIME ZONE 'UTC', thirty times as fast.
  return "make_timestamp(epoch_us(" + name + ")) AS " + name;
}

constexpr std::string_view kReaderSchemaType =
    "MAP(INTEGER, STRUCT(name VARCHAR, type VARCHAR, default_value VARCHAR))";

/// Names that need no quoting wherever they stand.
bool is_plain_name(std::string_view name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string entry_of_text(const Column& column) {
  return std::to_string(column.field_id) + "={name: \"" + column.name + "\", type: \"" +
         std::string(stored_type(column.type)) + "\", default_value: NULL}";
}

std::string entry_of_expression(const Column& column) {
  return std::to_string(column.field_id) + ": {name: " + quoted_literal(column.name) +
         ", type: " + quoted_literal(stored_type(column.type)) + ", default_value: NULL}";
}

/// One text that becomes a MAP: each query binds it in half the time of a MAP of expressions, which
/// is what other names need.
std::string reader_schema(const std::vector<Column>& columns) {
  if (!std::ranges::all_of(columns, is_plain_name, &Column::name)) {
    return "MAP {" + sql_list(columns, entry_of_expression) + "}";
  }
  return quoted_literal("{" + sql_list(columns, entry_of_text) + "}") +
         "::" + std::string(kReaderSchemaType);
}

/// Under the same names: other writers may write others into files than those of Avro.
bool have_all_columns(const lake::TableView& table) {
  const std::uint64_t mark = lake::columns_mark(table.schema.columns);
  return !table.has_changed_columns &&
         std::ranges::all_of(table.schema.columns, is_avro_name, &Column::name) &&
         std::ranges::all_of(table.files,
                             [&](const lake::LakeFile& file) { return file.columns == mark; });
}

bool is_plain_value(std::string_view value) {
  return !value.empty() && value != "__HIVE_DEFAULT_PARTITION__" &&
         std::ranges::all_of(value,
                             [](char c) { return is_plain_name({&c, 1}) || c == '-' || c == '.'; });
}

/// Whether the folders of a file's path name its partition, and nothing else.
bool is_in_folder_of_partition(const lake::LakeFile& file, const lake::TableView& table) {
  if (file.partition.values.size() != table.partition_by.size()) return false;
  std::string folders;
  for (std::size_t i = 0; i < table.partition_by.size(); ++i) {
    const std::string& value = file.partition.values[i];
    if (!is_plain_value(value)) return false;
    folders += "/" + table.partition_by[i] + "=" + value;
  }
  const std::size_t name = file.uri.rfind('/');
  return name != file.uri.npos && file.uri.substr(0, name).ends_with(folders) &&
         std::ranges::count(file.uri, '=') == std::ranges::count(folders, '=');
}

/// By name DuckDB opens a file to make the view, for which it may be a bucket's without
/// credentials.
bool is_on_this_machine(const lake::LakeFile& file) {
  return readable_path(file.uri).starts_with('/');
}

/// What tells the reader where the values of columns are.
std::string reader_options(const lake::TableView& table, ColumnsFound found) {
  if (found == ColumnsFound::kById || !have_all_columns(table) ||
      !std::ranges::all_of(table.files, is_on_this_machine)) {
    return "hive_partitioning = false, schema = " + reader_schema(table.schema.columns);
  }
  const bool are_in_folders = !table.partition_by.empty() &&
                              std::ranges::all_of(table.files, [&](const lake::LakeFile& file) {
                                return is_in_folder_of_partition(file, table);
                              });
  if (!are_in_folders) return "hive_partitioning = false";
  const auto text = [](const std::string& name) { return quoted_literal(name) + ": 'VARCHAR'"; };
  return "hive_partitioning = true, hive_types = {" + sql_list(table.partition_by, text) + "}";
}

std::string typed_null(const Column& column) {
  return "NULL::" + std::string(sql_type(column.type)) + " AS " + quoted_identifier(column.name);
}

/// Why the files of a snapshot do not say all; empty when they do.
std::string obstacle(const lake::TableView& table) {
  if (table.has_row_deletes) {
    return "the table " + table.name.to_string() +
           " has delete files, which another writer made and which DuckDB's Parquet reader does "
           "not "
           "apply; rewrite the table's data files with that writer, or read it with "
           "iceberg_scan('" +
           table.metadata_location + "')";
  }
  if (table.properties.contains(std::string(kNameMapping))) {
    return "the table " + table.name.to_string() + " has the property " +
           std::string(kNameMapping) +
           ": some of its files may have no field ids, and their values would be missing; read it "
           "with iceberg_scan('" +
           table.metadata_location + "')";
  }
  return "";
}

}  // namespace

std::string_view stored_type(ColumnType type) {
  return type == ColumnType::kTimestamp ? "TIMESTAMPTZ" : sql_type(type);
}

std::string readable_path(const std::string& uri) {
  for (const std::string_view prefix : {"file://localhost/", "file:///", "file:/", "/"}) {
    if (uri.starts_with(prefix)) return "/" + uri.substr(prefix.size());
  }
  for (const std::string_view prefix : {"s3://", "s3a://", "s3n://"}) {
    if (uri.starts_with(prefix)) return "s3://" + uri.substr(prefix.size());
  }
  throw Error(ErrorKind::kUnsupported,
              "cannot query '" + uri + "': the embedded engine reads folders and S3 only");
}

std::string exact_pattern(const std::string& path) {
  if (path.find_first_of("*?[") == path.npos) return path;
  if (path.find('\\') != path.npos) {
    throw Error(ErrorKind::kUnsupported, "cannot query '" + path +
                                             "': DuckDB cannot read a path that has a backslash "
                                             "and one of *?[; move the lake to another folder");
  }
  std::string pattern;
  for (const char c : path) {
    if (c == '*' || c == '?' || c == '[') {
      pattern += '[';
      pattern += c;
      pattern += ']';
    } else {
      pattern += c;
    }
  }
  return pattern;
}

std::string view_query(const lake::TableView& table, ColumnsFound found) {
  const auto& columns = table.schema.columns;
  const std::string nulls = "SELECT " + sql_list(columns, typed_null);
  if (const std::string why = obstacle(table); !why.empty()) {
    return nulls + " WHERE error(" + quoted_literal(why) + ") IS NULL";
  }
  if (table.files.empty()) return nulls + " WHERE false";
  const auto file = [](const lake::LakeFile& f) {
    return quoted_literal(exact_pattern(readable_path(f.uri)));
  };
  return "SELECT " + sql_list(columns, shown_column) + " FROM read_parquet([" +
         sql_list(table.files, file) + "], " + reader_options(table, found) + ")";
}

std::string create_views(const std::vector<lake::TableView>& tables, ColumnsFound found) {
  std::set<std::string> schemas = {"main"};
  std::string sql;
  const auto in_main = [](const std::string& name, const std::string& query) {
    return "CREATE VIEW IF NOT EXISTS main." + quoted_identifier(name) + " AS " + query + ";\n";
  };
  for (const lake::TableView& table : tables) {
    const std::string schema = quoted_identifier(table.name.name_space);
    if (schemas.insert(table.name.name_space).second) sql += "CREATE SCHEMA " + schema + ";\n";
    const std::string name = schema + "." + quoted_identifier(table.name.name);
    const std::string query = view_query(table, found);
    sql += "CREATE VIEW " + name + " AS " + query + ";\n";
    // The same once more: a view of the view would have to be bound twice in each query.
    if (table.name.name_space == kMainNamespace) sql += in_main(table.name.name, query);
  }
  const bool has_ledger = std::ranges::any_of(tables, [](const lake::TableView& table) {
    return table.name.name_space == kMainNamespace && table.name.name == kLedger;
  });
  // After all tables: one that is called as a view of costs would be is what it was before.
  for (const lake::TableView& table : tables) {
    if (table.name.name_space != kMainNamespace || !has_costs(table)) continue;
    const std::string name = costs_view_name(table);
    sql +=
        "CREATE VIEW IF NOT EXISTS " + quoted_identifier(kMainNamespace) + "." +
        quoted_identifier(name) + " AS " + costs_query(table, has_ledger) + ";\n" +
        in_main(name, "FROM " + quoted_identifier(kMainNamespace) + "." + quoted_identifier(name));
  }
  return sql;
}

}  // namespace finops::duckdb_sql
