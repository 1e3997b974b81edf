#pragma once

#include <ostream>
#include <vector>

#include "finops/cli/services.h"

namespace finops {

// What the commands of `finops quarantine` print for people.

// Of bills.
void print_quarantine(std::ostream& out, const std::vector<QuarantineSummary>& summaries);
void print_quarantined_rows(std::ostream& out, const std::vector<QuarantinedRow>& rows);
/// Of a delivery that could be tried.
void print_replay(std::ostream& out, const ReplayReport& report, bool is_dry_run);
void print_waiver(std::ostream& out, const WaiverReport& report, bool is_dry_run);

// Of datasets.
void print_quarantine(std::ostream& out, const medallion::ProjectQuarantine& quarantine);
void print_quarantined_rows(std::ostream& out,
                            const std::vector<medallion::QuarantinedRecord>& rows);
void print_replay(std::ostream& out, const medallion::DatasetRunReport& report, bool is_dry_run);
void print_waiver(std::ostream& out, const medallion::DatasetWaiverReport& report,
                  const medallion::DatasetWaiverRequest& request);

}  // namespace finops
