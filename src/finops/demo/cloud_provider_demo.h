#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace finops {

struct CloudProviderOptions {
  std::filesystem::path out;
  std::uint64_t seed = 1;
  std::int64_t events = 43'200;  // 1 000 to 50 000 000
  bool is_clean = false;         // without the oddities that the rules of quality are tried with
};

struct CloudProviderDataset {
  std::string name;  // "usage_events"
  std::int64_t files = 0, rows = 0;
  std::uint64_t bytes = 0;
};

struct CloudProviderSummary {
  std::vector<CloudProviderDataset> written;
  std::int64_t rows = 0;  // of all in `written`
  std::uint64_t bytes = 0;
  bool changed = true;  // false: `out` held exactly these data already; nothing was written
  std::filesystem::path truth_file, config_file;
};

/// Writes what a small cloud provider knows of its customers into `out`, which must not exist, be
/// empty, or hold the data of an earlier call with the same options (then nothing is done).
///
/// `out`/landing has seven CSV files (customers_orgs, users, resources, billing_monthly,
/// support_tickets, marketing_touches, nps_surveys), of the same size whatever `events` is, and the
/// folder usage_events_stream with events as lines of JSON: at least 120 files, each over the whole
/// two months and none in the order of time. `out`/truth.json holds rows, exact sums of money and
/// the number of every oddity, by the generator's own numbers and never by reading files back.
/// `out`/config.toml has a lake below `out`.
///
/// One event in 200 is a spike of 5 to 40 robust standard deviations (the MAD divided by 0.6745)
/// above the median of its service and metric; all others lie within 3.4 of them, so that the
/// spikes can be told from the rest in each group, and cannot without groups: prices differ 50-fold
/// between services.
///
/// The same options give the same bytes, config.toml aside, which names `out`. Memory is bounded
/// whatever `events` is. Throws kUsage for options that make no sense, kAlreadyExists, kCancelled,
/// and what the file system says.
CloudProviderSummary generate_cloud_provider(const CloudProviderOptions& options,
                                             const std::stop_token& stop = {});

}  // namespace finops
