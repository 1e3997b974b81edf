#pragma once

#include <cstdint>
#include <vector>

#include "finops/cli/services.h"
#include "finops/lake/lake.h"

namespace finops {

/// The quarantine of the configured tables, by delivery.
std::vector<QuarantineSummary> read_quarantine_summaries(lake::Lake& lake,
                                                         const Configuration& configuration,
                                                         const Selection& selection);
std::vector<QuarantinedRow> read_quarantined_rows(lake::Lake& lake,
                                                  const Configuration& configuration,
                                                  const Selection& selection, std::uint64_t limit);

}  // namespace finops
