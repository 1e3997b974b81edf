#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/core/billing_period.h"

namespace finops {

enum class DemoCurVersion { kV1, kV2, kBoth };  // both: payer-a has v1, payer-b v2
enum class DemoDeliveryMode { kCreateNew, kOverwrite };

struct DemoOptions {
  std::filesystem::path out;
  std::uint64_t seed = 1;
  std::int64_t rows = 7000;  // of each month of each payer; below some 170, as few as are possible
  int months = 3;
  BillingPeriod start{2025, 11};
  DemoCurVersion cur_version = DemoCurVersion::kBoth;
  int files = 2;  // of each delivery
  DemoDeliveryMode delivery = DemoDeliveryMode::kCreateNew;
  bool restate = false;
};

struct DemoDeliveryInfo {
  std::string source;
  BillingPeriod period;
  std::string execution_id;
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;  // of the compressed files
};

struct DemoSummary {
  std::vector<DemoDeliveryInfo> written;
  std::int64_t rows = 0;  // of all in `written`
  std::uint64_t bytes = 0;
  bool changed = true;  // false: `out` held exactly these bills already; nothing was written
  std::filesystem::path truth_file, config_file;
};

/// Writes bills with known truth into `out`, which must not exist, be empty, or hold the bills of
/// an earlier call with the same options (then nothing is done).
///
/// `out`/payer-a and `out`/payer-b hold what the buckets of two payers would hold, in AWS's
/// layouts; a configuration uses them as `bucket = "file://<out>/payer-a"`, and `out`/config.toml
/// is such a configuration. `out`/truth.json holds the exact totals, computed from the generator's
/// own numbers and never by reading the files back. The same options give the same bytes,
/// config.toml aside, which names `out`.
///
/// With `restate`, `out` must hold bills already; their options are taken from truth.json, and a
/// next version of the month before the last (or of the only one) is delivered for each payer:
/// other amounts in some rows, late credits and refunds.
///
/// Memory is bounded whatever `rows` is. Throws kUsage for options that make no sense,
/// kAlreadyExists, kNotFound, kCancelled, and what the file system says.
DemoSummary generate_demo_bills(const DemoOptions& options, const std::stop_token& stop = {});

}  // namespace finops
