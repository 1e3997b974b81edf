#pragma once

#include <compare>
#include <string>

namespace finops {

/// Names one delivery of one partition of one table: the idempotency key everywhere. Loading the
/// same ExportId twice must leave the lake and every warehouse as after the first load.
struct ExportId {
  std::string table;      // "aws_billing_data"
  std::string source;     // the export's name in the configuration
  std::string partition;  // for a bill its billing period, "YYYY-MM"
  std::string version;    // for AWS the assembly or execution id, opaque

  auto operator<=>(const ExportId&) const = default;

  /// "payer-a 2026-05", what is replaced as a whole.
  std::string partition_name() const { return source + " " + partition; }
};

}  // namespace finops
