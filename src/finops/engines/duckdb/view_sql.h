#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "finops/engines/sql_text.h"
#include "finops/lake/lake.h"

namespace finops::duckdb_sql {

using finops::quoted_identifier;
using finops::quoted_literal;

/// What DuckDB's reader is asked for.
std::string_view stored_type(ColumnType type);

/// What DuckDB calls a file that a manifest names: the path of "file:///a/b", "file:/a/b" or
/// "/a/b"; "s3://bucket/key", also of s3a and s3n. As Iceberg's writers do, without decoding of
/// %XX. kUnsupported for any other URI.
std::string readable_path(const std::string& uri);
/// A pattern that matches this path only: DuckDB takes *, ? and [ in file names as wildcards.
/// kUnsupported for the one thing that a pattern cannot say, a backslash beside those.
std::string exact_pattern(const std::string& path);

enum class ColumnsFound { kByNameWhereAlike, kById };

/// One SELECT that shows the snapshot: its very files, whose columns are found by field id, NULL
/// where a file has none. Where all files are on this machine and have all columns under their
/// names, by name, which is faster, and files of other partitions than a query asks for are not
/// opened. No rows, and the right types, for a table without files. Times are TIMESTAMP in UTC, by
/// their microseconds: a cast or a TIMESTAMP in the reader's schema would show them in the client's
/// time zone. A snapshot that cannot be read this way gives a SELECT that fails with the reason.
std::string view_query(const lake::TableView& table,
                       ColumnsFound found = ColumnsFound::kByNameWhereAlike);

/// Statements that make a view for each table in the schema of its namespace, one of its costs for
/// each that has_costs() in `billing`, and for all of `billing` one of the same name in `main`.
std::string create_views(const std::vector<lake::TableView>& tables,
                         ColumnsFound found = ColumnsFound::kByNameWhereAlike);

}  // namespace finops::duckdb_sql
