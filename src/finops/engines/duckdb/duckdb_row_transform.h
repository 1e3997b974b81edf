#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "finops/warehouses/row_transform.h"

namespace finops {

struct DuckdbRowTransformOptions {
  std::string sql;   // one SELECT over the table `batch`
  std::string name;  // where it is from, for messages: "'clean.sql'"
  std::uint64_t memory_bytes = 256u << 20;
  std::stop_token stop;
};

/// What a SELECT over the table `batch` makes of rows. It sees nothing else: no files, no network,
/// no settings. INTEGER is BIGINT there, FLOAT DOUBLE, NUMERIC DECIMAL(38,9), BIGNUMERIC
/// DECIMAL(38,18), TIMESTAMP a TIMESTAMPTZ, DATETIME a TIMESTAMP, BYTES their base64 text.
///
/// Rows may change their number where the text's first line is "-- rows may change".
std::unique_ptr<RowTransform> make_duckdb_row_transform(DuckdbRowTransformOptions options);

}  // namespace finops
