#pragma once

#include <duckdb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "finops/engines/sql_engine.h"

namespace finops {

/// A column's type, read once, so that its cells need no questions to DuckDB.
struct ResultType {
  duckdb_type id = DUCKDB_TYPE_INVALID;
  std::string name = {};                        // as DuckDB writes it
  duckdb_type stored_as = DUCKDB_TYPE_INVALID;  // of decimals and enums
  int scale = 0;                                // of decimals
  std::uint64_t size = 0;                       // of fixed-size arrays
  std::vector<ResultType> children =
      {};  // a list's or array's item; a map's key, value; a struct's fields
  std::vector<std::string> child_names = {};  // a struct's fields; an enum's values

  CellForm form() const;
};

/// kUnsupported, with the cast that helps, for types whose cells finops does not show.
ResultType result_type(duckdb_logical_type type, const std::string& column);

}  // namespace finops
