#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "finops/warehouses/bigquery/bigquery_jobs.h"

namespace finops::bigquery {

/// A value that a query is given beside its text, by name: @name.
struct Parameter {
  std::string name;
  std::string type;  // "STRING", "TIMESTAMP"
  std::string value;
};

struct Query {
  std::string sql;  // GoogleSQL, one statement or a script
  std::vector<Parameter> parameters = {};
};

/// Rows of a query, every cell as BigQuery writes it; nothing for NULL. Of flat columns only.
using QueryCell = std::optional<std::string>;
/// A whole number; 0 for NULL.
inline std::uint64_t count_in(const QueryCell& cell) { return cell ? std::stoull(*cell) : 0; }
struct QueryAnswer {
  std::vector<std::vector<QueryCell>> rows;
  FinishedJob job;
};

/// One job, and all pages of its one result.
QueryAnswer run_query(Jobs& jobs, const Query& query, const std::string& id_prefix,
                      const std::string& tried);

/// The bytes that a query would read, without running it.
std::uint64_t bytes_of_query(Jobs& jobs, const Query& query, const std::string& tried);

}  // namespace finops::bigquery
