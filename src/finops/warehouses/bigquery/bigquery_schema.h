#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "finops/core/table_schema.h"
#include "finops/warehouses/bigquery/bigquery_client.h"

namespace finops::bigquery {

/// As `schema.fields` of the API: decimals are BIGNUMERIC(38, 18), times TIMESTAMP, maps REPEATED
/// RECORD of `key` and `value`.
Json field_of(const Column& column);
Json fields_of(const std::vector<Column>& columns);

/// Types have two names each in the API; this is the older one: "INTEGER" for "INT64".
std::string plain_type(const std::string& type);

/// The type in GoogleSQL.
std::string sql_type_of(const Column& column);

/// A name of at most 300 letters, digits and underscores that is none of BigQuery's own: what it
/// already is stays as it is.
std::string column_name_of(std::string_view name);

/// How a table that is there compares with the columns that it should have.
struct SchemaDifference {
  std::vector<Column> missing;
  std::vector<std::string> conflicts;  // "cost is FLOAT and not BIGNUMERIC"
};
SchemaDifference compare_fields(const Json& fields, const std::vector<Column>& columns);

}  // namespace finops::bigquery
