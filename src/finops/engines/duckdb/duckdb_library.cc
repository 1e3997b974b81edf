// The functions of DuckDB's C API that finops calls, under their own names: each finds its namesake
// in DuckDB's library, which the first call loads. Most commands need no SQL, and the symbols of
// that library alone would take as long to resolve as all else that happens before main().
#include <dlfcn.h>
#include <duckdb.h>

#include <string>

#include "finops/core/error.h"

namespace finops {
namespace {

/// Never unloaded: it has threads and thread-local objects of its own.
void* duckdb_library() {
  static void* const library = [] {
    void* const loaded = dlopen(FINOPS_DUCKDB_LIBRARY, RTLD_LAZY | RTLD_LOCAL);
    if (loaded != nullptr) return loaded;
    const char* const why = dlerror();
    throw Error(ErrorKind::kUnavailable, std::string("cannot load DuckDB's library: ") +
                                             (why == nullptr ? "unknown error" : why));
  }();
  return library;
}

void* duckdb_symbol(const char* name) {
  void* const symbol = dlsym(duckdb_library(), name);
  if (symbol != nullptr) return symbol;
  throw Error(ErrorKind::kUnsupported,
              std::string("DuckDB's library " FINOPS_DUCKDB_LIBRARY " has no function ") + name);
}

}  // namespace
}  // namespace finops

#define FINOPS_DUCKDB(result, name, parameters, arguments)                                         \
  result name parameters {                                                                         \
    static auto* const called = reinterpret_cast<decltype(&(name))>(finops::duckdb_symbol(#name)); \
    return called arguments;                                                                       \
  }

extern "C" {
// clang-format off
FINOPS_DUCKDB(duckdb_state, duckdb_append_data_chunk, (duckdb_appender appender, duckdb_data_chunk chunk), (appender, chunk))
FINOPS_DUCKDB(duckdb_state, duckdb_append_varchar_length, (duckdb_appender appender, const char* val, idx_t length), (appender, val, length))
FINOPS_DUCKDB(duckdb_state, duckdb_appender_close, (duckdb_appender appender), (appender))
FINOPS_DUCKDB(duckdb_state, duckdb_appender_create, (duckdb_connection connection, const char* schema, const char* table, duckdb_appender* out_appender), (connection, schema, table, out_appender))
FINOPS_DUCKDB(duckdb_state, duckdb_appender_destroy, (duckdb_appender* appender), (appender))
FINOPS_DUCKDB(duckdb_state, duckdb_appender_end_row, (duckdb_appender appender), (appender))
FINOPS_DUCKDB(const char*, duckdb_appender_error, (duckdb_appender appender), (appender))
FINOPS_DUCKDB(idx_t, duckdb_array_type_array_size, (duckdb_logical_type type), (type))
FINOPS_DUCKDB(duckdb_logical_type, duckdb_array_type_child_type, (duckdb_logical_type type), (type))
FINOPS_DUCKDB(duckdb_vector, duckdb_array_vector_get_child, (duckdb_vector vector), (vector))
FINOPS_DUCKDB(void, duckdb_close, (duckdb_database* database), (database))
FINOPS_DUCKDB(idx_t, duckdb_column_count, (duckdb_result* result), (result))
FINOPS_DUCKDB(duckdb_logical_type, duckdb_column_logical_type, (duckdb_result* result, idx_t col), (result, col))
FINOPS_DUCKDB(const char*, duckdb_column_name, (duckdb_result* result, idx_t col), (result, col))
FINOPS_DUCKDB(duckdb_state, duckdb_connect, (duckdb_database database, duckdb_connection* out_connection), (database, out_connection))
FINOPS_DUCKDB(duckdb_state, duckdb_create_config, (duckdb_config* out_config), (out_config))
FINOPS_DUCKDB(duckdb_data_chunk, duckdb_create_data_chunk, (duckdb_logical_type* types, idx_t column_count), (types, column_count))
FINOPS_DUCKDB(duckdb_logical_type, duckdb_create_decimal_type, (uint8_t width, uint8_t scale), (width, scale))
FINOPS_DUCKDB(duckdb_logical_type, duckdb_create_logical_type, (duckdb_type type), (type))
FINOPS_DUCKDB(duckdb_scalar_function, duckdb_create_scalar_function, (), ())
FINOPS_DUCKDB(duckdb_logical_type, duckdb_create_struct_type, (duckdb_logical_type* member_types, const char **member_names, idx_t member_count), (member_types, member_names, member_count))
FINOPS_DUCKDB(idx_t, duckdb_data_chunk_get_size, (duckdb_data_chunk chunk), (chunk))
FINOPS_DUCKDB(duckdb_vector, duckdb_data_chunk_get_vector, (duckdb_data_chunk chunk, idx_t col_idx), (chunk, col_idx))
FINOPS_DUCKDB(void, duckdb_data_chunk_reset, (duckdb_data_chunk chunk), (chunk))
FINOPS_DUCKDB(void, duckdb_data_chunk_set_size, (duckdb_data_chunk chunk, idx_t size), (chunk, size))
FINOPS_DUCKDB(duckdb_type, duckdb_decimal_internal_type, (duckdb_logical_type type), (type))
FINOPS_DUCKDB(uint8_t, duckdb_decimal_scale, (duckdb_logical_type type), (type))
FINOPS_DUCKDB(uint8_t, duckdb_decimal_width, (duckdb_logical_type type), (type))
FINOPS_DUCKDB(void, duckdb_destroy_config, (duckdb_config* config), (config))
FINOPS_DUCKDB(void, duckdb_destroy_data_chunk, (duckdb_data_chunk* chunk), (chunk))
FINOPS_DUCKDB(void, duckdb_destroy_extracted, (duckdb_extracted_statements* extracted_statements), (extracted_statements))
FINOPS_DUCKDB(void, duckdb_destroy_logical_type, (duckdb_logical_type* type), (type))
FINOPS_DUCKDB(void, duckdb_destroy_pending, (duckdb_pending_result* pending_result), (pending_result))
FINOPS_DUCKDB(void, duckdb_destroy_prepare, (duckdb_prepared_statement* prepared_statement), (prepared_statement))
FINOPS_DUCKDB(void, duckdb_destroy_result, (duckdb_result* result), (result))
FINOPS_DUCKDB(void, duckdb_destroy_scalar_function, (duckdb_scalar_function* scalar_function), (scalar_function))
FINOPS_DUCKDB(void, duckdb_disconnect, (duckdb_connection* connection), (connection))
FINOPS_DUCKDB(uint32_t, duckdb_enum_dictionary_size, (duckdb_logical_type type), (type))
FINOPS_DUCKDB(char*, duckdb_enum_dictionary_value, (duckdb_logical_type type, idx_t index), (type, index))
FINOPS_DUCKDB(duckdb_type, duckdb_enum_internal_type, (duckdb_logical_type type), (type))
FINOPS_DUCKDB(duckdb_state, duckdb_execute_pending, (duckdb_pending_result pending_result, duckdb_result* out_result), (pending_result, out_result))
FINOPS_DUCKDB(idx_t, duckdb_extract_statements, (duckdb_connection connection, const char* query, duckdb_extracted_statements* out_extracted_statements), (connection, query, out_extracted_statements))
FINOPS_DUCKDB(const char*, duckdb_extract_statements_error, (duckdb_extracted_statements extracted_statements), (extracted_statements))
FINOPS_DUCKDB(duckdb_data_chunk, duckdb_fetch_chunk, (duckdb_result result), (result))
FINOPS_DUCKDB(void, duckdb_free, (void* ptr), (ptr))
FINOPS_DUCKDB(duckdb_type, duckdb_get_type_id, (duckdb_logical_type type), (type))
FINOPS_DUCKDB(void, duckdb_interrupt, (duckdb_connection connection), (connection))
FINOPS_DUCKDB(duckdb_logical_type, duckdb_list_type_child_type, (duckdb_logical_type type), (type))
FINOPS_DUCKDB(duckdb_vector, duckdb_list_vector_get_child, (duckdb_vector vector), (vector))
FINOPS_DUCKDB(duckdb_logical_type, duckdb_map_type_key_type, (duckdb_logical_type type), (type))
FINOPS_DUCKDB(duckdb_logical_type, duckdb_map_type_value_type, (duckdb_logical_type type), (type))
FINOPS_DUCKDB(duckdb_state, duckdb_open_ext, (const char* path, duckdb_database* out_database, duckdb_config config, char **out_error), (path, out_database, config, out_error))
FINOPS_DUCKDB(const char*, duckdb_pending_error, (duckdb_pending_result pending_result), (pending_result))
FINOPS_DUCKDB(duckdb_state, duckdb_pending_prepared, (duckdb_prepared_statement prepared_statement, duckdb_pending_result* out_result), (prepared_statement, out_result))
FINOPS_DUCKDB(duckdb_state, duckdb_pending_prepared_streaming, (duckdb_prepared_statement prepared_statement, duckdb_pending_result* out_result), (prepared_statement, out_result))
FINOPS_DUCKDB(const char*, duckdb_prepare_error, (duckdb_prepared_statement prepared_statement), (prepared_statement))
FINOPS_DUCKDB(duckdb_state, duckdb_prepare_extracted_statement, (duckdb_connection connection, duckdb_extracted_statements extracted_statements, idx_t index, duckdb_prepared_statement* out_prepared_statement), (connection, extracted_statements, index, out_prepared_statement))
FINOPS_DUCKDB(idx_t, duckdb_prepared_statement_column_count, (duckdb_prepared_statement prepared_statement), (prepared_statement))
FINOPS_DUCKDB(const char*, duckdb_prepared_statement_column_name, (duckdb_prepared_statement prepared_statement, idx_t col_idx), (prepared_statement, col_idx))
FINOPS_DUCKDB(duckdb_type, duckdb_prepared_statement_column_type, (duckdb_prepared_statement prepared_statement, idx_t col_idx), (prepared_statement, col_idx))
FINOPS_DUCKDB(duckdb_statement_type, duckdb_prepared_statement_type, (duckdb_prepared_statement statement), (statement))
FINOPS_DUCKDB(duckdb_state, duckdb_query, (duckdb_connection connection, const char* query, duckdb_result* out_result), (connection, query, out_result))
FINOPS_DUCKDB(duckdb_state, duckdb_register_scalar_function, (duckdb_connection con, duckdb_scalar_function scalar_function), (con, scalar_function))
FINOPS_DUCKDB(const char*, duckdb_result_error, (duckdb_result* result), (result))
FINOPS_DUCKDB(idx_t, duckdb_rows_changed, (duckdb_result* result), (result))
FINOPS_DUCKDB(void, duckdb_scalar_function_add_parameter, (duckdb_scalar_function scalar_function, duckdb_logical_type type), (scalar_function, type))
FINOPS_DUCKDB(void*, duckdb_scalar_function_get_extra_info, (duckdb_function_info info), (info))
FINOPS_DUCKDB(void, duckdb_scalar_function_set_error, (duckdb_function_info info, const char* error), (info, error))
FINOPS_DUCKDB(void, duckdb_scalar_function_set_extra_info, (duckdb_scalar_function scalar_function, void* extra_info, duckdb_delete_callback_t destroy), (scalar_function, extra_info, destroy))
FINOPS_DUCKDB(void, duckdb_scalar_function_set_function, (duckdb_scalar_function scalar_function, duckdb_scalar_function_t function), (scalar_function, function))
FINOPS_DUCKDB(void, duckdb_scalar_function_set_name, (duckdb_scalar_function scalar_function, const char* name), (scalar_function, name))
FINOPS_DUCKDB(void, duckdb_scalar_function_set_return_type, (duckdb_scalar_function scalar_function, duckdb_logical_type type), (scalar_function, type))
FINOPS_DUCKDB(void, duckdb_scalar_function_set_special_handling, (duckdb_scalar_function scalar_function), (scalar_function))
FINOPS_DUCKDB(duckdb_state, duckdb_set_config, (duckdb_config config, const char* name, const char* option), (config, name, option))
FINOPS_DUCKDB(const char*, duckdb_string_t_data, (duckdb_string_t* string), (string))
FINOPS_DUCKDB(uint32_t, duckdb_string_t_length, (duckdb_string_t string), (string))
FINOPS_DUCKDB(idx_t, duckdb_struct_type_child_count, (duckdb_logical_type type), (type))
FINOPS_DUCKDB(char*, duckdb_struct_type_child_name, (duckdb_logical_type type, idx_t index), (type, index))
FINOPS_DUCKDB(duckdb_logical_type, duckdb_struct_type_child_type, (duckdb_logical_type type, idx_t index), (type, index))
FINOPS_DUCKDB(duckdb_vector, duckdb_struct_vector_get_child, (duckdb_vector vector, idx_t index), (vector, index))
FINOPS_DUCKDB(bool, duckdb_validity_row_is_valid, (uint64_t* validity, idx_t row), (validity, row))
FINOPS_DUCKDB(void, duckdb_validity_set_row_invalid, (uint64_t* validity, idx_t row), (validity, row))
FINOPS_DUCKDB(void, duckdb_vector_assign_string_element_len, (duckdb_vector vector, idx_t index, const char* str, idx_t str_len), (vector, index, str, str_len))
FINOPS_DUCKDB(void, duckdb_vector_ensure_validity_writable, (duckdb_vector vector), (vector))
FINOPS_DUCKDB(void*, duckdb_vector_get_data, (duckdb_vector vector), (vector))
FINOPS_DUCKDB(uint64_t*, duckdb_vector_get_validity, (duckdb_vector vector), (vector))
FINOPS_DUCKDB(idx_t, duckdb_vector_size, (), ())
// clang-format on
}
