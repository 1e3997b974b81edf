#pragma once

#include <cstdint>
#include <vector>

#include "finops/cli/services.h"
#include "finops/lake/lake.h"

namespace finops {

/// The quarantine of all tables of bills, by delivery.
std::vector<QuarantineSummary> read_quarantine_summaries(lake::Lake& lake,
                                                         const Selection& selection);
std::vector<QuarantinedRow> read_quarantined_rows(lake::Lake& lake, const Selection& selection,
                                                  std::uint64_t limit);

}  // namespace finops
