#include "finops/engines/duckdb/text_functions.h"

#include <cstdint>
#include <optional>
#include <string_view>

#include "finops/core/ascii_case.h"
#include "finops/engines/duckdb/hugeint.h"
#include "finops/tabular/decimal_text.h"
#include "finops/tabular/timestamp_text.h"

namespace finops {
namespace {

constexpr std::int64_t kMicrosPerDay = 86'400'000'000;
constexpr std::size_t kDateLength = 10;

std::optional<duckdb_hugeint> read_decimal(std::string_view text) {
  const auto cell = bill::parse_any_decimal(text);
  if (!cell.fits()) return std::nullopt;
  return to_hugeint(cell.value);
}

std::optional<std::int64_t> read_timestamp(std::string_view text) { return parse_timestamp(text); }

std::optional<std::int32_t> read_date(std::string_view text) {
  if (text.size() != kDateLength || text[4] != '-') return std::nullopt;
  const auto midnight = parse_timestamp(text);
  if (!midnight) return std::nullopt;
  // Days before 1970 count down from -1; their midnights are whole days too.
  return static_cast<std::int32_t>(*midnight / kMicrosPerDay);
}

std::optional<bool> read_boolean(std::string_view text) {
  const std::string word = ascii_lower(text);
  if (word == "true") return true;
  if (word == "false") return false;
  return std::nullopt;
}

std::optional<std::string_view> read_text(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return std::nullopt;
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

template <typename Value>
void put(duckdb_vector output, idx_t row, const Value& value) {
  static_cast<Value*>(duckdb_vector_get_data(output))[row] = value;
}

void put(duckdb_vector output, idx_t row, const std::string_view& value) {
  duckdb_vector_assign_string_element_len(output, row, value.data(), value.size());
}

template <typename Value, std::optional<Value> (*read)(std::string_view)>
void calculate(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  duckdb_vector texts = duckdb_data_chunk_get_vector(input, 0);
  auto* cells = static_cast<duckdb_string_t*>(duckdb_vector_get_data(texts));
  duckdb_vector_ensure_validity_writable(output);
  std::uint64_t* validity = duckdb_vector_get_validity(output);
  const idx_t rows = duckdb_data_chunk_get_size(input);
  for (idx_t row = 0; row < rows; ++row) {
    std::optional<Value> value;
    if (!is_null(texts, row)) {
      value = read({duckdb_string_t_data(&cells[row]), duckdb_string_t_length(cells[row])});
    }
    if (value) {
      put(output, row, *value);
    } else {
      duckdb_validity_set_row_invalid(validity, row);
    }
  }
}

void add(DuckdbConnection& connection, const char* name, const DuckdbType& result,
         duckdb_scalar_function_t calculates) {
  const DuckdbType text(duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
  connection.add(scalar_function(name, {text.get()}, result, calculates).get());
}

DuckdbType type_of(duckdb_type id) { return DuckdbType(duckdb_create_logical_type(id)); }

}  // namespace

void add_text_functions(DuckdbConnection& connection) {
  add(connection, "read_text", type_of(DUCKDB_TYPE_VARCHAR),
      calculate<std::string_view, read_text>);
  add(connection, "read_decimal",
      DuckdbType(duckdb_create_decimal_type(kDecimalPrecision, kDecimalScale)),
      calculate<duckdb_hugeint, read_decimal>);
  add(connection, "read_timestamp", type_of(DUCKDB_TYPE_TIMESTAMP),
      calculate<std::int64_t, read_timestamp>);
  add(connection, "read_date", type_of(DUCKDB_TYPE_DATE), calculate<std::int32_t, read_date>);
  add(connection, "read_boolean", type_of(DUCKDB_TYPE_BOOLEAN), calculate<bool, read_boolean>);
}

}  // namespace finops
