#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "finops/core/decimal.h"
#include "finops/core/export_id.h"
#include "finops/lake/lake.h"
#include "finops/pipeline/pipeline.h"

namespace finops {

/// Some quarantined rows, and the cost in those of their cells that can be read.
struct QuarantineCount {
  std::uint64_t rows = 0;
  ExactSum cost;
};

/// The quarantined rows of one currency ("?": unreadable). A row with several reasons counts for
/// each of them.
struct QuarantineOfCurrency {
  QuarantineCount all;
  std::map<std::string, QuarantineCount> reasons;  // without the cells that show them
};

/// The quarantined rows of one delivery.
struct QuarantineSummary {
  ExportId id;
  bool is_current = false;  // of the current delivery; else of a refused one
  std::uint64_t rows = 0;
  std::map<std::string, QuarantineOfCurrency> currencies;
  std::string waiver;  // JSON {"since","reason"} when they were accepted
};

struct QuarantinedRow {
  ExportId id;
  std::string file;
  std::int64_t line = 0;
  std::string currency;
  std::vector<std::string> reasons;
  std::string raw;  // bytes as delivered
};

/// The quarantine of all tables of bills, by delivery.
std::vector<QuarantineSummary> read_quarantine_summaries(lake::Lake& lake,
                                                         const Selection& selection);
/// In the order of delivery, file and line; at most `limit`.
std::vector<QuarantinedRow> read_quarantined_rows(lake::Lake& lake, const Selection& selection,
                                                  std::uint64_t limit);
/// All of one delivery. kUnsupported when their files have more than `most_bytes`.
std::vector<QuarantinedRow> read_quarantine_of(lake::Lake& lake, const ExportId& id,
                                               std::uint64_t most_bytes);

}  // namespace finops
