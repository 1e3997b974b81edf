#include "finops/engines/duckdb/duckdb_transform_engine.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "finops/core/error.h"
#include "finops/engines/duckdb/decimal_functions.h"
#include "finops/engines/duckdb/duckdb_connection.h"
#include "finops/engines/duckdb/duckdb_session.h"
#include "finops/engines/duckdb/hugeint.h"
#include "finops/engines/duckdb/lake_views.h"
#include "finops/engines/duckdb/portable_functions.h"
#include "finops/engines/duckdb/remote_files.h"
#include "finops/engines/duckdb/text_functions.h"
#include "finops/engines/duckdb/trino_sql.h"
#include "finops/engines/duckdb/view_sql.h"

namespace finops {
namespace {

using duckdb_sql::quoted_identifier;
using duckdb_sql::quoted_literal;
using duckdb_sql::stored_type;  // times are of the session's time zone, UTC

using Appender = Owned<duckdb_appender, duckdb_appender_destroy>;

ColumnType column_type(duckdb_type type, const std::string& column) {
  switch (type) {
    case DUCKDB_TYPE_VARCHAR: return ColumnType::kText;
    case DUCKDB_TYPE_BOOLEAN: return ColumnType::kBoolean;
    case DUCKDB_TYPE_DATE: return ColumnType::kDate;
    case DUCKDB_TYPE_BLOB: return ColumnType::kBinary;
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_TZ: return ColumnType::kTimestamp;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER: return ColumnType::kLong;
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_DECIMAL: return ColumnType::kDecimal;
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
      throw Error(ErrorKind::kUnsupported,
                  "the column '" + column +
                      "' is a floating-point number, which is no exact amount; divide with "
                      "decimal_quotient(), multiply with decimal_product(), or CAST it to "
                      "DECIMAL(38,18)");
    default:
      throw Error(ErrorKind::kUnsupported,
                  "the column '" + column +
                      "' is of a type that tables of the lake do not have; CAST it to VARCHAR, "
                      "DECIMAL(38,18), BIGINT, BOOLEAN, DATE or TIMESTAMP");
  }
}

class OneText final : public ResultSink {
 public:
  void columns(const std::vector<ResultColumn>&) override {}
  void row(const ResultRow& row) override { text = row.at(0).value_or(""); }

  std::string text;
};

/// DuckDB's own list of a query's tables leaves out views and wants all columns to be there; its
/// syntax tree has all names. A name without a schema may be that of a WITH.
void add_tables(const nlohmann::json& tree, std::set<std::string>& names) {
  if (tree.is_object() && tree.value("type", nlohmann::json()) == "BASE_TABLE") {
    const std::string schema = tree.value("schema_name", "");
    if (!schema.empty()) names.insert(schema + "." + tree.value("table_name", ""));
  }
  if (!tree.is_structured()) return;
  for (const auto& child : tree) add_tables(child, names);
}

DuckdbType logical_type(ColumnType type) {
  switch (type) {
    case ColumnType::kDecimal:
      return DuckdbType(duckdb_create_decimal_type(kDecimalPrecision, kDecimalScale));
    case ColumnType::kBoolean: return DuckdbType(duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN));
    case ColumnType::kLong: return DuckdbType(duckdb_create_logical_type(DUCKDB_TYPE_BIGINT));
    default: return DuckdbType(duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
  }
}

template <typename T>
void put(duckdb_vector vector, idx_t row, T value) {
  static_cast<T*>(duckdb_vector_get_data(vector))[row] = value;
}

void put_cell(duckdb_vector vector, idx_t row, const TransformCell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) {
    duckdb_vector_assign_string_element_len(vector, row, text->data(), text->size());
  } else if (const auto* decimal = std::get_if<Decimal>(&cell)) {
    put(vector, row, to_hugeint(decimal->unscaled()));
  } else if (const auto* boolean = std::get_if<bool>(&cell)) {
    put(vector, row, *boolean);
  } else if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
    put(vector, row, *integer);
  } else {
    duckdb_vector_ensure_validity_writable(vector);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
  }
}

/// What DuckDB keeps of a function of TransformEngine::define().
struct DefinedFunction {
  TransformEngine::Calculate calculate;
  std::size_t cells;
};

void calculate_rows(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  try {
    const auto& function =
        *static_cast<DefinedFunction*>(duckdb_scalar_function_get_extra_info(info));
    duckdb_vector numbers = duckdb_data_chunk_get_vector(input, 0);
    duckdb_vector amounts = duckdb_data_chunk_get_vector(input, 1);
    std::vector<duckdb_vector> children(function.cells);
    for (idx_t i = 0; i < children.size(); ++i) {
      children[i] = duckdb_struct_vector_get_child(output, i);
    }
    const auto* number = static_cast<const std::int64_t*>(duckdb_vector_get_data(numbers));
    const auto* amount = static_cast<const duckdb_hugeint*>(duckdb_vector_get_data(amounts));
    TransformRow result(function.cells);
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(input); ++row) {
      const bool has_all = !is_null(numbers, row) && !is_null(amounts, row);
      result.assign(function.cells, TransformCell());
      if (has_all) {
        function.calculate(number[row], Decimal::from_unscaled(to_int128(amount[row])), result);
      } else {
        put_cell(output, row, TransformCell());
      }
      for (std::size_t i = 0; i < children.size(); ++i) put_cell(children[i], row, result[i]);
    }
  } catch (const Error& error) {
    duckdb_scalar_function_set_error(info, error.what());
  }
}

/// Appends rows to a table, as many at a time as a chunk holds.
class RowAppender {
 public:
  RowAppender(duckdb_connection connection, const std::string& table,
              const std::vector<Column>& columns)
      : columns_(columns) {
    duckdb_appender appender = nullptr;
    const auto state = duckdb_appender_create(connection, nullptr, table.c_str(), &appender);
    appender_.reset(appender);
    check(state);
    std::vector<DuckdbType> types;
    std::vector<duckdb_logical_type> handles;
    for (const Column& column : columns) {
      types.push_back(logical_type(column.type));
      handles.push_back(types.back().get());
    }
    chunk_.reset(duckdb_create_data_chunk(handles.data(), handles.size()));
  }

  void append(const TransformRow& row) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      put_cell(duckdb_data_chunk_get_vector(chunk_.get(), i), rows_, row.at(i));
    }
    if (++rows_ == duckdb_vector_size()) flush();
  }

  void finish() {
    flush();
    check(duckdb_appender_close(appender_.get()));
  }

 private:
  void flush() {
    if (rows_ == 0) return;
    duckdb_data_chunk_set_size(chunk_.get(), rows_);
    check(duckdb_append_data_chunk(appender_.get(), chunk_.get()));
    duckdb_data_chunk_reset(chunk_.get());
    rows_ = 0;
  }

  void check(duckdb_state state) const {
    if (state == DuckDBSuccess) return;
    const char* error = duckdb_appender_error(appender_.get());
    throw error_from_duckdb(error != nullptr ? error : "DuckDB took no rows");
  }

  const std::vector<Column>& columns_;
  Appender appender_;
  DuckdbChunk chunk_;
  idx_t rows_ = 0;
};

class DuckdbTransformEngine final : public TransformEngine {
 public:
  explicit DuckdbTransformEngine(const DuckdbTransformOptions& options)
      : session_("", engine_settings(options.memory_bytes, options.threads, options.work_folder)) {
    const bool is_remote = options.lake_uri.starts_with("s3");
    if (is_remote) load_httpfs(session_, options.extension_folder);
    if (is_remote && options.remote) allow_remote_access(session_, options.remote());
    add_decimal_functions(session_);
    add_text_functions(session_);
    add_portable_functions(session_);
    const std::string lake = duckdb_sql::readable_path(options.lake_uri);
    session_.run(
        "SET TimeZone = 'UTC'; SET preserve_insertion_order = false; SET parquet_metadata_cache = "
        "true; "
        "SET allowed_directories = [" +
        quoted_literal(options.work_folder + "/") + ", " + quoted_literal(lake + "/") +
        "]; SET enable_external_access = false; SET lock_configuration = true");
  }

  void show(const std::string& schema, const std::string& name,
            const lake::TableView& table) override {
    if (schemas_.insert(schema).second) {
      session_.run("CREATE SCHEMA IF NOT EXISTS " + quoted_identifier(schema));
    }
    make_views_either_way([&](duckdb_sql::ColumnsFound found) {
      session_.run("CREATE OR REPLACE VIEW " + quoted_identifier(schema) + "." +
                   quoted_identifier(name) + " AS " + duckdb_sql::view_query(table, found));
    });
  }

  void keep(const std::string& name, const std::string& select, std::stop_token stop) override {
    const InterruptOnStop interrupt(session_, std::move(stop));
    interrupt.check();
    session_.run("CREATE OR REPLACE TEMP TABLE " + quoted_identifier(name) + " AS " + select);
  }

  void keep_rows(const std::string& name, const std::vector<Column>& columns,
                 const std::function<std::optional<TransformRow>()>& next) override {
    session_.run("CREATE OR REPLACE TEMP TABLE " + quoted_identifier(name) + " (" +
                 sql_list(columns,
                          [](const Column& column) {
                            return quoted_identifier(column.name) + " " +
                                   std::string(stored_type(column.type));
                          }) +
                 ")");
    RowAppender appender(session_.handle(), name, columns);
    while (const auto row = next()) appender.append(*row);
    appender.finish();
  }

  void forget(const std::string& name) override {
    session_.run("DROP TABLE IF EXISTS " + quoted_identifier(name));
  }

  void define(const std::string& name, const std::vector<Column>& columns,
              Calculate calculate) override {
    std::vector<DuckdbType> types;
    std::vector<duckdb_logical_type> handles;
    std::vector<const char*> names;
    for (const Column& column : columns) {
      types.push_back(logical_type(column.type));
      handles.push_back(types.back().get());
      names.push_back(column.name.c_str());
    }
    const DuckdbType result(
        duckdb_create_struct_type(handles.data(), names.data(), handles.size()));
    const DuckdbType number = logical_type(ColumnType::kLong);
    const DuckdbType amount = logical_type(ColumnType::kDecimal);
    const DuckdbFunction function =
        scalar_function(name, {number.get(), amount.get()}, result, calculate_rows);
    duckdb_scalar_function_set_special_handling(function.get());
    duckdb_scalar_function_set_extra_info(
        function.get(), new DefinedFunction{std::move(calculate), columns.size()},
        [](void* kept) { delete static_cast<DefinedFunction*>(kept); });
    session_.add(function.get());
  }

  std::vector<Column> columns_of(const std::string& select) override {
    const DuckdbStatement statement = prepare_reading(session_, select);
    std::vector<Column> columns;
    for (idx_t i = 0; i < duckdb_prepared_statement_column_count(statement.get()); ++i) {
      Column column;
      column.name =
          owned_text(const_cast<char*>(duckdb_prepared_statement_column_name(statement.get(), i)));
      column.type =
          column_type(duckdb_prepared_statement_column_type(statement.get(), i), column.name);
      column.doc = column.name;
      columns.push_back(std::move(column));
    }
    return columns;
  }

  std::vector<std::string> tables_of(const std::string& select) override {
    std::set<std::string> names;
    add_tables(syntax_tree(select), names);
    return {names.begin(), names.end()};
  }

  TrinoSelect for_trino(const std::string& select,
                        const std::map<std::string, TrinoTable>& tables) override {
    return trino_select(syntax_tree(select), tables, columns_of(select));
  }

  void query(const std::string& select, ResultSink& sink, std::stop_token stop) override {
    run_query(session_, select, sink, stop);
  }

  std::int64_t write_parquet(const std::string& select, const std::vector<Column>& columns,
                             const std::string& path, std::stop_token stop) override {
    const InterruptOnStop interrupt(session_, std::move(stop));
    const auto cast = [](const Column& column) {
      const std::string name = quoted_identifier(column.name);
      return "CAST(" + name + " AS " + std::string(stored_type(column.type)) + ") AS " + name;
    };
    const auto id = [](const Column& column) {
      return quoted_identifier(column.name) + ": " + std::to_string(column.field_id);
    };
    const DuckdbStatement copy =
        session_.prepare("COPY (SELECT " + sql_list(columns, cast) + " FROM (" + select +
                         "\n)) TO " + quoted_literal(path) +
                         " (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false, FIELD_IDS {" +
                         sql_list(columns, id) + "})");
    interrupt.check();
    DuckdbResult result = session_.execute(copy, /*streams=*/false);
    return static_cast<std::int64_t>(duckdb_rows_changed(result.get()));
  }

 private:
  nlohmann::json syntax_tree(const std::string& select) {
    OneText tree;
    run_query(session_, "SELECT json_serialize_sql(" + quoted_literal(select) + "::VARCHAR)", tree,
              {});
    auto json = nlohmann::json::parse(tree.text);
    if (json.value("error", false)) {
      throw Error(ErrorKind::kUsage, json.value("error_message", "this is no query"));
    }
    return json;
  }

  DuckdbConnection session_;
  std::set<std::string> schemas_;
};

}  // namespace

std::unique_ptr<TransformEngine> make_duckdb_transform_engine(
    const DuckdbTransformOptions& options) {
  return std::make_unique<DuckdbTransformEngine>(options);
}

}  // namespace finops
