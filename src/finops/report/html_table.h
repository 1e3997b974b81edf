#pragma once

#include <string>
#include <vector>

#include "finops/report/report_data.h"

namespace finops::report {

/// A table that scrolls within itself. A region that scrolls is reached by the keyboard, and so has
/// a name. Columns whose name begins with '#' are of numbers; `rows` is HTML.
std::string table(const std::string& label, const std::vector<std::string>& columns,
                  const std::string& rows);

/// A cell with escaped text; of numbers at the right.
std::string text_cell(const std::string& text);
std::string number_cell(const std::string& text);
/// What a row is about.
std::string row_head(const std::string& text);

/// `["a","b"]`, as silver and quarantine hold codes, as marks; other texts as they are.
std::string codes_html(const std::string& codes);

/// The same of rows as they are, with a caption.
std::string sample_table(const RowSample& sample, const std::string& caption);

}  // namespace finops::report
