#pragma once

#include <duckdb.h>

#include <optional>
#include <string>

#include "finops/engines/duckdb/result_type.h"

namespace finops {

/// Writes the cell in `row` of a vector of this type into `text`, whose memory it uses again;
/// nothing for NULL.
void set_cell(const ResultType& type, duckdb_vector vector, idx_t row,
              std::optional<std::string>& text);

}  // namespace finops
