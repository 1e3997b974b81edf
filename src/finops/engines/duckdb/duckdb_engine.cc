#include "finops/engines/duckdb/duckdb_engine.h"

#include <unistd.h>

#include <atomic>
#include <functional>
#include <map>
#include <regex>
#include <utility>

#include "finops/core/error.h"
#include "finops/engines/duckdb/cell_text.h"
#include "finops/engines/duckdb/decimal_functions.h"
#include "finops/engines/duckdb/duckdb_connection.h"
#include "finops/engines/duckdb/remote_files.h"
#include "finops/engines/duckdb/replacement_file.h"
#include "finops/engines/duckdb/result_type.h"
#include "finops/engines/duckdb/view_sql.h"

namespace finops {
namespace {

using duckdb_sql::quoted_identifier;
using duckdb_sql::quoted_literal;

constexpr const char* kResultView = "finops_result";

std::string unique_name() {
  static std::atomic<int> made = 0;
  return std::to_string(getpid()) + "-" + std::to_string(++made);
}

std::map<std::string, std::string> settings_of(const DuckdbEngineOptions& options) {
  std::map<std::string, std::string> settings;
  settings["memory_limit"] = std::to_string(options.memory_bytes) + "B";
  if (options.threads > 0) settings["threads"] = std::to_string(options.threads);
  settings["temp_directory"] =
      options.spill_folder.empty() ? "" : options.spill_folder + "/duckdb-" + unique_name();
  return settings;
}

/// From here on no statement reads or writes any file but these, nor changes these settings.
std::string lock_down(const std::vector<lake::TableView>& tables, const std::string& output) {
  std::string paths;
  const auto allow = [&](const std::string& path) {
    paths += (paths.empty() ? "" : ", ") + quoted_literal(path);
  };
  for (const lake::TableView& table : tables) {
    if (table.has_row_deletes) continue;
    for (const lake::LakeFile& file : table.files) {
      const std::string path = duckdb_sql::readable_path(file.uri);
      const std::string pattern = duckdb_sql::exact_pattern(path);
      allow(path);
      if (pattern != path) allow(pattern);
    }
  }
  if (!output.empty()) allow(output);
  return "SET TimeZone = 'UTC'; SET allowed_paths = [" + paths +
         "]; SET enable_external_access = false; SET lock_configuration = true";
}

class InterruptOnStop {
 public:
  InterruptOnStop(DuckdbConnection& connection, std::stop_token stop)
      : stop_(std::move(stop)), on_stop_(stop_, [&connection] { connection.interrupt(); }) {}

  void check() const {
    if (stop_.stop_requested()) throw Error(ErrorKind::kCancelled, "the query was interrupted");
  }

 private:
  const std::stop_token stop_;
  const std::stop_callback<std::function<void()>> on_stop_;
};

/// EXPLAIN ANALYZE runs what follows, so that must only read, too.
DuckdbStatement prepare_reading(DuckdbConnection& connection, const std::string& sql) {
  DuckdbStatement statement = connection.prepare(sql);
  const auto type = duckdb_prepared_statement_type(statement.get());
  if (type == DUCKDB_STATEMENT_TYPE_SELECT) return statement;
  static const std::regex explains(R"(\s*explain(\s+analyze)?\s([^]*))", std::regex::icase);
  std::smatch parts;
  if (type == DUCKDB_STATEMENT_TYPE_EXPLAIN && std::regex_match(sql, parts, explains)) {
    const DuckdbStatement inner = connection.prepare(parts[2].str());
    if (duckdb_prepared_statement_type(inner.get()) == DUCKDB_STATEMENT_TYPE_SELECT)
      return statement;
  }
  throw Error(ErrorKind::kUsage,
              "only statements that read are allowed: SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, "
              "SUMMARIZE, and EXPLAIN of one of them");
}

struct Shape {
  std::vector<ResultType> types;
  std::vector<ResultColumn> columns;
};

Shape shape_of(DuckdbResult& result) {
  Shape shape;
  for (idx_t i = 0; i < duckdb_column_count(result.get()); ++i) {
    const std::string name = duckdb_column_name(result.get(), i);
    const DuckdbType type(duckdb_column_logical_type(result.get(), i));
    shape.types.push_back(result_type(type.get(), name));
    shape.columns.push_back({name, shape.types.back().name, shape.types.back().form()});
  }
  return shape;
}

void hand_out(const Shape& shape, const DuckdbChunk& chunk, ResultRow& row, ResultSink& sink) {
  std::vector<duckdb_vector> vectors(row.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    vectors[i] = duckdb_data_chunk_get_vector(chunk.get(), i);
  }
  const idx_t rows = duckdb_data_chunk_get_size(chunk.get());
  for (idx_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < row.size(); ++i) set_cell(shape.types[i], vectors[i], r, row[i]);
    sink.row(row);
  }
}

class DuckdbEngine : public SqlEngine {
 public:
  DuckdbEngine(std::vector<lake::TableView> tables, DuckdbEngineOptions options)
      : tables_(std::move(tables)), options_(std::move(options)) {}

  void query(const std::string& sql, ResultSink& sink, std::stop_token stop) override {
    if (!session_) session_ = open_session("");
    const InterruptOnStop interrupt(*session_, stop);
    const DuckdbStatement statement = prepare_reading(*session_, sql);
    interrupt.check();
    DuckdbResult result = session_->execute(statement, /*streams=*/true);
    const Shape shape = shape_of(result);
    sink.columns(shape.columns);
    ResultRow row(shape.columns.size());
    while (const DuckdbChunk chunk = result.next_chunk()) {
      interrupt.check();
      hand_out(shape, chunk, row, sink);
    }
  }

  std::int64_t copy_to_parquet(const std::string& sql, const std::string& path,
                               std::stop_token stop) override {
    ReplacementFile file(path, unique_name() + ".partial");
    // A session of its own, because what a locked one may write cannot be changed any more.
    const auto session = open_session(file.temporary_path());
    const InterruptOnStop interrupt(*session, stop);
    prepare_reading(*session, sql);
    session->run("CREATE TEMP VIEW " + std::string(kResultView) + " AS " + sql);
    const DuckdbStatement copy = session->prepare(
        "COPY (" + exact_select(*session) + ") TO " + quoted_literal(file.temporary_path()) +
        " (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)");
    interrupt.check();
    DuckdbResult result = session->execute(copy, /*streams=*/false);
    const auto rows = static_cast<std::int64_t>(duckdb_rows_changed(result.get()));
    file.publish();
    return rows;
  }

 private:
  std::unique_ptr<DuckdbConnection> open_session(const std::string& output) const {
    if (!options_.spill_folder.empty()) make_folder(options_.spill_folder);
    auto session = std::make_unique<DuckdbConnection>("", settings_of(options_));
    if (has_remote_files(tables_)) {
      load_httpfs(*session, options_.extension_folder);
      if (options_.remote) allow_remote_access(*session, options_.remote());
    }
    add_decimal_functions(*session);
    session->run(duckdb_sql::create_views(tables_));
    session->run(lock_down(tables_, output));
    return session;
  }

  /// Parquet has no integers of 128 bits, and DuckDB would write doubles for them.
  static std::string exact_select(DuckdbConnection& session) {
    const DuckdbStatement all = session.prepare("FROM " + std::string(kResultView));
    std::string columns;
    for (idx_t i = 0; i < duckdb_prepared_statement_column_count(all.get()); ++i) {
      char* text = const_cast<char*>(duckdb_prepared_statement_column_name(all.get(), i));
      const std::string name = quoted_identifier(text);
      duckdb_free(text);
      const auto type = duckdb_prepared_statement_column_type(all.get(), i);
      const bool is_huge = type == DUCKDB_TYPE_HUGEINT || type == DUCKDB_TYPE_UHUGEINT;
      columns +=
          (i > 0 ? ", " : "") + (is_huge ? "CAST(" + name + " AS DECIMAL(38,0)) AS " + name : name);
    }
    return "SELECT " + columns + " FROM " + kResultView;
  }

  const std::vector<lake::TableView> tables_;
  const DuckdbEngineOptions options_;
  std::unique_ptr<DuckdbConnection> session_;
};

}  // namespace

std::unique_ptr<SqlEngine> make_duckdb_engine(std::vector<lake::TableView> tables,
                                              DuckdbEngineOptions options) {
  return std::make_unique<DuckdbEngine>(std::move(tables), std::move(options));
}

}  // namespace finops
