#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "finops/tabular/bill_layout.h"

namespace finops {

/// What the first rows of a part hold in one column of its header, at most `most_rows` of them: a
/// look at a file before all of it is read. Rows with a wrong field count or broken quotes are left
/// out; an empty text is NULL. Reads the beginning of CSV, of Parquet only that column, of JSON
/// lines all keys before. None when the part has no such column or no rows. Throws kInvalidData as
/// read_header does.
std::vector<std::string> first_cells(const BillPart& part, std::string_view column,
                                     std::size_t most_rows);

}  // namespace finops
