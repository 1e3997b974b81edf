#pragma once

#include <string>
#include <vector>

#include "finops/warehouses/bigquery/bigquery_client.h"
#include "finops/warehouses/row_transform.h"

namespace finops::bigquery {

/// The fields of a source as its copy has them: names, types and descriptions. Nothing is REQUIRED
/// there, and nothing limits lengths or digits: what the source takes, the copy takes.
Json copied_fields(const Json& source);

/// A copy's fields with what the source has more, and why they do not fit.
struct MergedFields {
  Json fields;
  std::vector<std::string> added;      // "service.kind": with the records that they are in
  std::vector<std::string> conflicts;  // "cost is FLOAT in the source and STRING in the copy"
};
/// What only the copy has stays at the top, where it is NULL from then on. In records it is a
/// conflict: the text that rows are compared by has all parts of a record.
MergedFields merge_fields(const Json& copy, const Json& source);

/// The columns as a transform knows them.
std::vector<RowColumn> row_columns(const Json& fields);

/// The field of that name, whatever its case; null when there is none.
const Json* find_field(const Json& fields, const std::string& name);

}  // namespace finops::bigquery
