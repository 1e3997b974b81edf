#pragma once

#include <functional>
#include <string>
#include <vector>

#include "finops/warehouses/bigquery/day_sums.h"
#include "finops/warehouses/bigquery/row_lines.h"

namespace finops::bigquery {

using TakeLines = std::function<void(std::string_view)>;
using NoteJob = std::function<void(const FinishedJob&)>;

/// Gives the rows of `ranges` as newline-delimited JSON, some pages after another: one query, whose
/// one result is read by pages. Where that is too large for BigQuery to keep, two queries of half
/// the time each, and so on. Returns the number of rows.
std::uint64_t read_rows(Jobs& jobs, const RowSource& source, const std::vector<TimeRange>& ranges,
                        Nulls nulls, const TakeLines& take, const NoteJob& note);

}  // namespace finops::bigquery
