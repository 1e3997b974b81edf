#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "finops/lake/lake.h"
#include "finops/lake/lake_check.h"

namespace finops {

struct DeepCheck {
  std::size_t files = 0;
  std::uint64_t bytes = 0, rows = 0;
  /// Of tables with bills: files that no current receipt has, so that only their rows were counted.
  /// Another program wrote them.
  std::size_t files_without_receipt = 0;
  std::vector<lake::LakeProblem> problems;
};

/// Reads every file of the current snapshots: its SHA-256 must be the one that the current receipt
/// has for it, and its rows as many as the manifest says. Of the quarantine and the ledger, which
/// no receipt lists, every page is read and its checksum verified.
DeepCheck check_deep(lake::Lake& lake, const std::stop_token& stop);

}  // namespace finops
