#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "finops/lake/table_metadata.h"
#include "finops/tabular/bill_converter.h"

namespace finops::lake {

/// What a manifest tells of a data file beyond its name, place and size, encoded as
/// manifest_schema() has it. Sizes are given for all columns, so that a reader knows without
/// opening the file which ones it has; counts and bounds for columns that readers skip files by:
/// numbers, times, money, `source_file` and the columns whose property
/// write.metadata.metrics.column.<name> is `full` (partition columns, execution_id). Not for the
/// other text columns: a bill has hundreds of tags, whose metrics would make manifests, and with
/// them each commit and each plan of a reader, several times as large, and every file of a
/// partition has much the same values in them. Not for maps: inside them bounds mean nothing. Text
/// without `full` is cut to 16 code points.
std::string encoded_metrics(const WrittenParquet& file, const TableMetadata& metadata);

/// columns_mark() of the columns whose sizes are told; 0 when there are none.
std::uint64_t columns_of(std::string_view metrics);

// Of one column, as stored (spec, appendix D); nothing when the writer kept none.
std::optional<std::string_view> lower_bound_of(std::string_view metrics, int field_id);
std::optional<std::string_view> upper_bound_of(std::string_view metrics, int field_id);

/// Cheap check that a slice of a file is one that the functions above can walk: throws
/// kInvalidData.
void check_metrics(std::string_view metrics);

}  // namespace finops::lake
