#pragma once

#include <string>

#include "finops/report/report_data.h"

namespace finops::report {

/// `<th class="n" scope="col">…</th>` for each; a name that begins with '#' is of numbers.
std::string table_head(std::initializer_list<const char*> names);

/// A cell with escaped text; of numbers at the right.
std::string text_cell(const std::string& text);
std::string number_cell(const std::string& text);
/// What a row is about.
std::string row_head(const std::string& text);

/// `["a","b"]`, as silver and quarantine hold codes, as marks; other texts as they are.
std::string codes_html(const std::string& codes);

/// A table of rows that scrolls within itself, by keyboard too, with a caption.
std::string sample_table(const RowSample& sample, const std::string& caption);

}  // namespace finops::report
