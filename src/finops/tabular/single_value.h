#pragma once

#include <string>

#include "finops/core/decimal.h"
#include "finops/core/table_schema.h"
#include "finops/tabular/parquet_writing.h"

namespace finops {

/// Bounds in Iceberg's single-value form (table spec, appendix D): text and binary as they are, a
/// decimal as the shortest big-endian two's complement of its unscaled value, int as 4, long and
/// timestamp as 8 bytes little-endian, a boolean as one byte.
std::string single_value(Decimal value);
std::string single_value(const CellValue& value, ColumnType type);

}  // namespace finops
