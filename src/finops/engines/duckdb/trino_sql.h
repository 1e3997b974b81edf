#pragma once

#include <nlohmann/json_fwd.hpp>

#include "finops/engines/transform_engine.h"

namespace finops {

/// DuckDB's syntax tree of one SELECT (json_serialize_sql) in the words of Trino. Prints only what
/// it knows to mean the same in both, so that nothing slips through; all the rest is refused, with
/// its place. `tables` has every table of the tree that has a schema; `result` are the columns that
/// the query gives.
TrinoSelect trino_select(const nlohmann::json& tree,
                         const std::map<std::string, TrinoTable>& tables,
                         const std::vector<Column>& result);

}  // namespace finops
