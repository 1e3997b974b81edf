#pragma once

#include <string>

#include "finops/report/report_data.h"

namespace finops::report {

/// One page of HTML that needs nothing else: style and pictures are in it, there is no script, and
/// its policy forbids every request. All that comes from data or project files is escaped. Cells
/// show decimals exactly; texts of more than 240 letters are cut.
std::string html_page(const ReportData& data);

}  // namespace finops::report
