#include "finops/engines/duckdb/duckdb_session.h"

#include <unistd.h>

#include <atomic>
#include <regex>
#include <utility>

#include "finops/core/error.h"
#include "finops/engines/duckdb/cell_text.h"
#include "finops/engines/duckdb/result_type.h"

namespace finops {
namespace {

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

}  // namespace

std::string unique_mark() {
  static std::atomic<int> made = 0;
  return std::to_string(getpid()) + "-" + std::to_string(++made);
}

std::map<std::string, std::string> engine_settings(std::uint64_t memory_bytes, unsigned threads,
                                                   const std::string& spill_folder) {
  std::map<std::string, std::string> settings;
  settings["memory_limit"] = std::to_string(memory_bytes) + "B";
  if (threads > 0) settings["threads"] = std::to_string(threads);
  settings["temp_directory"] =
      spill_folder.empty() ? "" : spill_folder + "/duckdb-" + unique_mark();
  return settings;
}

InterruptOnStop::InterruptOnStop(DuckdbConnection& connection, std::stop_token stop)
    : stop_(std::move(stop)), on_stop_(stop_, [&connection] { connection.interrupt(); }) {}

void InterruptOnStop::check() const {
  if (stop_.stop_requested()) throw Error(ErrorKind::kCancelled, "the query was interrupted");
}

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

void run_query(DuckdbConnection& connection, const std::string& sql, ResultSink& sink,
               const std::stop_token& stop) {
  const InterruptOnStop interrupt(connection, stop);
  const DuckdbStatement statement = prepare_reading(connection, sql);
  interrupt.check();
  DuckdbResult result = connection.execute(statement, /*streams=*/true);
  const Shape shape = shape_of(result);
  sink.columns(shape.columns);
  ResultRow row(shape.columns.size());
  while (const DuckdbChunk chunk = result.next_chunk()) {
    interrupt.check();
    hand_out(shape, chunk, row, sink);
  }
}

}  // namespace finops
