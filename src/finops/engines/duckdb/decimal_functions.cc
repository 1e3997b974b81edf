#include "finops/engines/duckdb/decimal_functions.h"

#include <optional>

#include "finops/core/decimal.h"
#include "finops/core/error.h"
#include "finops/engines/duckdb/hugeint.h"

namespace finops {
namespace {

using Operation = std::optional<Decimal> (*)(Decimal, Decimal);

std::optional<Decimal> product(Decimal a, Decimal b) { return a * b; }

std::optional<Decimal> quotient(Decimal a, Decimal b) {
  if (b == Decimal()) return std::nullopt;
  return Decimal::quotient(a, b);
}

/// A column of arguments, flat as DuckDB hands it to functions.
class Arguments {
 public:
  Arguments(duckdb_data_chunk chunk, idx_t column)
      : vector_(duckdb_data_chunk_get_vector(chunk, column)),
        values_(static_cast<const duckdb_hugeint*>(duckdb_vector_get_data(vector_))) {}

  std::optional<Decimal> at(idx_t row) const {
    if (is_null(vector_, row)) return std::nullopt;
    return Decimal::from_unscaled(to_int128(values_[row]));
  }

 private:
  duckdb_vector vector_;
  const duckdb_hugeint* values_;
};

template <Operation operation>
void calculate(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  try {
    const Arguments left(input, 0), right(input, 1);
    auto* results = static_cast<duckdb_hugeint*>(duckdb_vector_get_data(output));
    duckdb_vector_ensure_validity_writable(output);
    std::uint64_t* validity = duckdb_vector_get_validity(output);
    const idx_t rows = duckdb_data_chunk_get_size(input);
    for (idx_t row = 0; row < rows; ++row) {
      const auto a = left.at(row), b = right.at(row);
      const auto result = a && b ? operation(*a, *b) : std::nullopt;
      if (result) {
        results[row] = to_hugeint(result->unscaled());
      } else {
        duckdb_validity_set_row_invalid(validity, row);
      }
    }
  } catch (const Error& error) {
    duckdb_scalar_function_set_error(info, error.what());
  }
}

}  // namespace

void add_decimal_functions(DuckdbConnection& connection) {
  const DuckdbType decimal(duckdb_create_decimal_type(kDecimalPrecision, kDecimalScale));
  const auto add = [&](const char* name, duckdb_scalar_function_t calculates) {
    connection.add(
        scalar_function(name, {decimal.get(), decimal.get()}, decimal, calculates).get());
  };
  add("decimal_product", calculate<product>);
  add("decimal_quotient", calculate<quotient>);
}

}  // namespace finops
