#pragma once

#include <string>
#include <vector>

#include "finops/medallion/dataset_report.h"
#include "finops/medallion/run_tables.h"

namespace finops::medallion {

inline constexpr const char* kWaivers = "waivers";

/// The table of this name beside those of silver: read whole, written whole.
std::vector<Waiver> read_waivers(RunTables& tables, const std::string& name_space);
void write_waivers(RunTables& tables, const std::string& name_space,
                   const std::vector<Waiver>& waivers);

/// Whether each reason of a quarantined row is waived.
bool are_waived(const std::vector<Waiver>& waivers, const std::string& dataset,
                const std::string& file, const std::vector<std::string>& reasons);

}  // namespace finops::medallion
