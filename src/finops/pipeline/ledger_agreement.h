#pragma once

#include <string>
#include <vector>

#include "finops/lake/lake.h"
#include "finops/ledger/ledger.h"

namespace finops {

/// In which points the live files of a table with bills are not those of the deliveries that the
/// ledger calls current: by execution id and number of rows of each (source, period). One sentence
/// each; empty: they agree.
std::vector<std::string> bill_disagreements(const lake::TableView& view,
                                            const std::vector<DeliveryRecord>& records);

/// The same for the table of quarantined rows of `table`, which also holds those of refused
/// deliveries.
std::vector<std::string> quarantine_disagreements(const lake::TableView& view,
                                                  const std::string& table,
                                                  const std::vector<DeliveryRecord>& records);

}  // namespace finops
