#pragma once

#include <string>
#include <vector>

#include "finops/warehouses/bigquery/bigquery_client.h"

namespace finops::bigquery {

/// What a copy has to be like.
struct CopyShape {
  TableRef source;
  std::string location;  // of both
  std::string time_column;
  Json source_fields;
};

/// Makes the copy's dataset and table where they are not there, and adds columns that the source
/// has more. Returns the table's resource. Throws kInvalidConfig for a dataset elsewhere and
/// kUnsupported for a table that cannot become this copy; `notes` are for people.
Json provide_copy(Client& writer, const TableRef& copy, const CopyShape& shape,
                  std::vector<std::string>& notes);

}  // namespace finops::bigquery
