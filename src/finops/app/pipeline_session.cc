#include "finops/app/pipeline_session.h"

#include <algorithm>
#include <filesystem>
#include <string>

#include "finops/app/plain_load.h"
#include "finops/cli/version.h"
#include "finops/core/freed_memory.h"

namespace finops {
namespace {

bool allows_overlap(const Configuration& configuration, const std::string& source) {
  const auto it = std::ranges::find(configuration.exports, source, &AwsExport::name);
  return it == configuration.exports.end() ? configuration.aws.allow_overlap : it->allow_overlap;
}

}  // namespace

PipelineSettings pipeline_settings(const Configuration& configuration, const AwsConnections& aws) {
  constexpr std::uint64_t kLittleMemory = 256 << 20;
  if (configuration.memory_limit < kLittleMemory) return_freed_memory(128 << 10);
  PipelineSettings settings;
  settings.thresholds = {
      .rows = configuration.quarantine.threshold_rows,
      .cost = configuration.quarantine.threshold_cost,
      .min_rows = static_cast<std::uint64_t>(configuration.quarantine.threshold_min_rows)};
  settings.memory_bytes = configuration.memory_limit;
  settings.lock_folder =
      (std::filesystem::path(configuration.data_dir) / "locks").lexically_normal().string();
  settings.staging_folder = configuration.staging_dir;
  settings.finops_version = std::string(finops_version());
  settings.allows_overlap = [configuration](const std::string& source) {
    return allows_overlap(configuration, source);
  };
  settings.retries = [&aws] { return aws.retries(); };
  settings.open_place = [configuration, &aws](const std::string& uri) {
    return open_place(configuration, aws, uri);
  };
  return settings;
}

}  // namespace finops
