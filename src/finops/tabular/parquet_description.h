#pragma once

#include <memory>
#include <string>
#include <vector>

#include "finops/core/byte_stream.h"
#include "finops/tabular/bill_converter.h"

namespace finops {

/// What Iceberg's manifests want to know of a Parquet file that another writer made; `columns`,
/// found by field id, are all of the table's that are in the file, maps with the ids of their keys
/// and values. From the footer, whose statistics are bounds where they are exact; texts that are
/// long and not said to be exact may have been cut and are none, and maps have none. Where the
/// footer does not count a column's NULLs, its values are read. Throws kInvalidData for a damaged
/// file, one that lacks a column's field id or has it with another type, and NULLs in a required
/// column.
WrittenParquet describe_parquet(std::shared_ptr<const RandomAccessBytes> file,
                                const std::vector<Column>& columns, std::string key,
                                std::string sha256);

}  // namespace finops
