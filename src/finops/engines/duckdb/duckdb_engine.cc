#include "finops/engines/duckdb/duckdb_engine.h"

#include <utility>

#include "finops/core/error.h"
#include "finops/engines/duckdb/decimal_functions.h"
#include "finops/engines/duckdb/duckdb_connection.h"
#include "finops/engines/duckdb/duckdb_session.h"
#include "finops/engines/duckdb/lake_views.h"
#include "finops/engines/duckdb/remote_files.h"
#include "finops/engines/duckdb/replacement_file.h"
#include "finops/engines/duckdb/view_sql.h"

namespace finops {
namespace {

using duckdb_sql::quoted_identifier;
using duckdb_sql::quoted_literal;

constexpr const char* kResultView = "finops_result";

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

class DuckdbEngine : public SqlEngine {
 public:
  DuckdbEngine(std::vector<lake::TableView> tables, DuckdbEngineOptions options)
      : tables_(std::move(tables)), options_(std::move(options)) {}

  void query(const std::string& sql, ResultSink& sink, std::stop_token stop) override {
    if (!session_) session_ = open_session("");
    run_query(*session_, sql, sink, stop);
  }

  std::int64_t copy_to_parquet(const std::string& sql, const std::string& path,
                               std::stop_token stop) override {
    ReplacementFile file(path, unique_mark() + ".partial");
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
    auto session = std::make_unique<DuckdbConnection>(
        "", engine_settings(options_.memory_bytes, options_.threads, options_.spill_folder));
    if (has_remote_files(tables_)) {
      load_httpfs(*session, options_.extension_folder);
      if (options_.remote) allow_remote_access(*session, options_.remote());
    }
    add_decimal_functions(*session);
    make_lake_views(*session, tables_);
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
