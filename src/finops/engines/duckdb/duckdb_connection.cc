#include "finops/engines/duckdb/duckdb_connection.h"

#include <string_view>
#include <utility>

namespace finops {
namespace {

using Config = Owned<duckdb_config, duckdb_destroy_config>;
using Statements = Owned<duckdb_extracted_statements, duckdb_destroy_extracted>;
using Pending = Owned<duckdb_pending_result, duckdb_destroy_pending>;

struct KindOfWords {
  std::string_view words;
  ErrorKind kind;
};

/// DuckDB's names of its exceptions, as they begin a message.
constexpr KindOfWords kKinds[] = {
    {"Parser Error", ErrorKind::kUsage},
    {"Syntax Error", ErrorKind::kUsage},
    {"Binder Error", ErrorKind::kUsage},
    {"Catalog Error", ErrorKind::kUsage},
    {"Permission Error", ErrorKind::kUsage},
    {"Not implemented Error", ErrorKind::kUnsupported},
    {"Conversion Error", ErrorKind::kInvalidData},
    {"Mismatch Type Error", ErrorKind::kInvalidData},
    {"Out of Range Error", ErrorKind::kInvalidData},
    {"Invalid Input Error", ErrorKind::kInvalidData},
    {"Constraint Error", ErrorKind::kInvalidData},
    {"Serialization Error", ErrorKind::kInvalidData},
    {"INTERRUPT Error", ErrorKind::kCancelled},
    {"INTERNAL Error", ErrorKind::kInternal},
};

Config config_of(const std::map<std::string, std::string>& settings) {
  duckdb_config config = nullptr;
  if (duckdb_create_config(&config) != DuckDBSuccess) {
    throw Error(ErrorKind::kInternal, "DuckDB made no configuration");
  }
  Config owned(config);
  const auto set = [&](const std::string& name, const std::string& value) {
    if (duckdb_set_config(config, name.c_str(), value.c_str()) == DuckDBSuccess) return;
    throw Error(ErrorKind::kInternal, "DuckDB refuses " + name + " = '" + value + "'");
  };
  set("autoinstall_known_extensions", "false");
  set("autoload_known_extensions", "false");
  for (const auto& [name, value] : settings) set(name, value);
  return owned;
}

/// The C API takes texts that end at a NUL.
void refuse_nul(const std::string& sql) {
  if (sql.find('\0') == sql.npos) return;
  throw Error(ErrorKind::kUsage, "the SQL text has a NUL byte");
}

}  // namespace

std::string owned_text(char* text) {
  std::string copy = text != nullptr ? text : "";
  duckdb_free(text);
  return copy;
}

DuckdbFunction scalar_function(const std::string& name,
                               const std::vector<duckdb_logical_type>& parameters,
                               const DuckdbType& result, duckdb_scalar_function_t calculates) {
  DuckdbFunction function(duckdb_create_scalar_function());
  duckdb_scalar_function_set_name(function.get(), name.c_str());
  for (duckdb_logical_type parameter : parameters) {
    duckdb_scalar_function_add_parameter(function.get(), parameter);
  }
  duckdb_scalar_function_set_return_type(function.get(), result.get());
  duckdb_scalar_function_set_function(function.get(), calculates);
  return function;
}

Error error_from_duckdb(const std::string& message) {
  if (message.starts_with("Out of Memory Error")) {
    return {ErrorKind::kNoSpace,
            message + "; raise memory_limit, or let the statement return less"};
  }
  if (message.starts_with("IO Error")) {
    const bool is_full = message.find("No space left on device") != message.npos;
    return {is_full ? ErrorKind::kNoSpace : ErrorKind::kUnavailable, message};
  }
  for (const auto& [words, kind] : kKinds) {
    if (message.starts_with(words)) return {kind, message};
  }
  return {ErrorKind::kUnavailable, message};
}

DuckdbChunk DuckdbResult::next_chunk() {
  DuckdbChunk chunk(duckdb_fetch_chunk(result_));
  if (chunk) return chunk;
  const char* error = duckdb_result_error(&result_);
  if (error != nullptr && *error != '\0') throw error_from_duckdb(error);
  return chunk;
}

DuckdbConnection::DuckdbConnection(const std::string& path,
                                   const std::map<std::string, std::string>& settings) {
  const Config config = config_of(settings);
  char* message = nullptr;
  if (duckdb_open_ext(path.empty() ? nullptr : path.c_str(), &database_, config.get(), &message) !=
      DuckDBSuccess) {
    const std::string text = message != nullptr ? message : "DuckDB gave no reason";
    duckdb_free(message);
    throw error_from_duckdb(text).within("open DuckDB" + (path.empty() ? "" : " '" + path + "'"));
  }
  if (duckdb_connect(database_, &connection_) != DuckDBSuccess) {
    duckdb_close(&database_);
    throw Error(ErrorKind::kInternal, "DuckDB made no connection");
  }
}

DuckdbConnection::~DuckdbConnection() {
  duckdb_disconnect(&connection_);
  duckdb_close(&database_);
}

void DuckdbConnection::run(const std::string& sql) {
  refuse_nul(sql);
  DuckdbResult result;
  if (duckdb_query(connection_, sql.c_str(), result.get()) == DuckDBSuccess) return;
  throw error_from_duckdb(duckdb_result_error(result.get()));
}

void DuckdbConnection::add(duckdb_scalar_function function) {
  if (duckdb_register_scalar_function(connection_, function) == DuckDBSuccess) return;
  throw Error(ErrorKind::kInternal, "DuckDB did not take a function");
}

DuckdbStatement DuckdbConnection::prepare(const std::string& sql) {
  refuse_nul(sql);
  duckdb_extracted_statements extracted = nullptr;
  const idx_t count = duckdb_extract_statements(connection_, sql.c_str(), &extracted);
  const Statements owned(extracted);
  const char* error = duckdb_extract_statements_error(extracted);
  if (error != nullptr && *error != '\0') throw error_from_duckdb(error);
  if (count != 1) {
    throw Error(ErrorKind::kUsage,
                "give one SQL statement; this text has " + std::to_string(count));
  }
  duckdb_prepared_statement statement = nullptr;
  const auto state = duckdb_prepare_extracted_statement(connection_, extracted, 0, &statement);
  DuckdbStatement prepared(statement);
  if (state != DuckDBSuccess) throw error_from_duckdb(duckdb_prepare_error(statement));
  return prepared;
}

DuckdbResult DuckdbConnection::execute(const DuckdbStatement& statement, bool streams) {
  duckdb_pending_result pending = nullptr;
  const auto state = streams ? duckdb_pending_prepared_streaming(statement.get(), &pending)
                             : duckdb_pending_prepared(statement.get(), &pending);
  const Pending owned(pending);
  if (state != DuckDBSuccess) throw error_from_duckdb(duckdb_pending_error(pending));
  DuckdbResult result;
  if (duckdb_execute_pending(pending, result.get()) != DuckDBSuccess) {
    throw error_from_duckdb(duckdb_result_error(result.get()));
  }
  return result;
}

}  // namespace finops
