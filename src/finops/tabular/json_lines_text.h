#pragma once

#include <memory>

#include "finops/tabular/delivered_text.h"

namespace finops::bill {

/// The lines of a file of JSON lines as records of CSV, by the rules of bill_layout.h ("JSON
/// lines"), each ended by a line feed: one record for each physical line, with as many cells as
/// there are columns (one, empty, where there are none). A line that is blank or faulty is a record
/// with one cell more, so that whoever knows the line (lines()) can tell what it is. The file is
/// read twice, for its columns and for its rows, by opening the part again. Throws kInvalidData
/// that names the file.
std::unique_ptr<DeliveredText> open_json_lines_text(const BillPart& part);

}  // namespace finops::bill
