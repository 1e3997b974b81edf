#pragma once

#include <duckdb.h>

#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "finops/core/error.h"

namespace finops {

/// An owner of one of the C API's handles, which are pointers to structs that their destroyer
/// empties.
template <typename Handle, auto destroy>
struct DestroyHandle {
  using pointer = Handle;
  void operator()(Handle handle) const { destroy(&handle); }
};
template <typename Handle, auto destroy>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, DestroyHandle<Handle, destroy>>;

using DuckdbType = Owned<duckdb_logical_type, duckdb_destroy_logical_type>;
using DuckdbChunk = Owned<duckdb_data_chunk, duckdb_destroy_data_chunk>;
using DuckdbFunction = Owned<duckdb_scalar_function, duckdb_destroy_scalar_function>;
using DuckdbStatement = Owned<duckdb_prepared_statement, duckdb_destroy_prepare>;

/// A copy of a text that DuckDB made, which is given back.
std::string owned_text(char* text);

inline bool is_null(duckdb_vector vector, idx_t row) {
  std::uint64_t* validity = duckdb_vector_get_validity(vector);
  return validity != nullptr && !duckdb_validity_row_is_valid(validity, row);
}

/// A function for DuckdbConnection::add().
DuckdbFunction scalar_function(const std::string& name,
                               const std::vector<duckdb_logical_type>& parameters,
                               const DuckdbType& result, duckdb_scalar_function_t calculates);

/// DuckDB's message as an Error: what the words before its first colon mean to a caller.
Error error_from_duckdb(const std::string& message);

/// The result of a statement; a plain struct in the C API, so it has its own owner.
class DuckdbResult {
 public:
  DuckdbResult() = default;
  DuckdbResult(DuckdbResult&& other) noexcept : result_(other.result_) { other.result_ = {}; }
  DuckdbResult& operator=(DuckdbResult&&) = delete;
  ~DuckdbResult() { duckdb_destroy_result(&result_); }

  duckdb_result* get() { return &result_; }
  /// Nothing at the end.
  DuckdbChunk next_chunk();

 private:
  duckdb_result result_ = {};
};

/// One database, in memory or in a file, and one connection to it. One thread at a time, except
/// interrupt(). Every failure is an Error.
class DuckdbConnection {
 public:
  /// An empty path is a database in memory. `settings` are those of DuckDB's own names. Extensions
  /// are never looked for.
  DuckdbConnection(const std::string& path, const std::map<std::string, std::string>& settings);
  ~DuckdbConnection();
  DuckdbConnection(const DuckdbConnection&) = delete;
  DuckdbConnection& operator=(const DuckdbConnection&) = delete;

  /// All statements of the text; results are dropped.
  void run(const std::string& sql);
  /// Exactly one statement: kUsage otherwise.
  DuckdbStatement prepare(const std::string& sql);
  /// With `streams` the rows are made while they are taken.
  DuckdbResult execute(const DuckdbStatement& statement, bool streams);
  /// Makes the function known to all statements from here on.
  void add(duckdb_scalar_function function);
  /// Ends the statement that runs now with kCancelled; safe from any thread.
  void interrupt() { duckdb_interrupt(connection_); }
  /// For calls that have no owner here; stays valid as long as this does.
  duckdb_connection handle() { return connection_; }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

}  // namespace finops
