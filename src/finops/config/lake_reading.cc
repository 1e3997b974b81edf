#include "finops/config/lake_reading.h"

#include <algorithm>
#include <string>

#include "finops/config/aws_access.h"
#include "finops/config/bucket_name.h"
#include "finops/config/export_reading.h"
#include "finops/config/setting_reader.h"

namespace finops {
namespace {

constexpr std::string_view kSection = "lake.", kDefaults = "aws.", kScheme = "s3://";

bool is_taken_from_aws(const SettingTable& table, std::string_view name) {
  if (is_credential_name(name)) return !has_credentials(table.values, "lake");
  return name == "region" || name == "endpoint_url" || name == "addressing_style" ||
         name == "read_timeout";
}

std::optional<Setting> setting_of_lake(const SettingTable& table, std::string_view path) {
  auto found = table.values.find(path);
  if (found == table.values.end() && path.starts_with(kSection)) {
    const std::string_view name = path.substr(kSection.size());
    if (is_taken_from_aws(table, name)) {
      found = table.values.find(std::string(kDefaults) + std::string(name));
    }
  }
  if (found == table.values.end()) return std::nullopt;
  return found->second;
}

void read_place(SettingReader& reader, Configuration& result) {
  result.lake_dir = reader.path("lake_dir", result.data_dir);
  if (!result.lake_dir.starts_with(kScheme)) return;
  std::string rest = result.lake_dir.substr(kScheme.size());
  while (rest.ends_with('/')) rest.pop_back();
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  BucketPlace place{rest.substr(0, slash), rest.substr(std::min(slash + 1, rest.size()))};
  if (!is_bucket_name(place.bucket)) {
    reader.mistake("lake_dir", advice_for_bucket(place.bucket));
  } else if (has_dot_segment(place.prefix) || place.prefix.find("//") != std::string::npos ||
             place.prefix.starts_with('/')) {
    reader.mistake("lake_dir",
                   "must not hold '.', '..' or nothing as a folder: '" + result.lake_dir + "'");
  } else if (place.prefix.find_first_of("*?[]#%") != std::string::npos) {
    // DuckDB and other readers take them for patterns, queries or escapes.
    reader.mistake("lake_dir", "must not hold any of * ? [ ] # %: '" + result.lake_dir + "'");
  }
  result.lake_dir = std::string(kScheme) + rest;
  result.lake_bucket = std::move(place);
}

}  // namespace

void read_lake(const SettingTable& table, const Environment& environment, Mistakes& mistakes,
               Configuration& result) {
  SettingReader reader([&table](std::string_view path) { return setting_of_lake(table, path); },
                       environment, mistakes);
  read_place(reader, result);
  result.lake.keep_days = static_cast<int>(reader.count("lake.keep_days", 0, 36'500));
  result.lake.keep_versions = static_cast<int>(reader.count("lake.keep_versions", 1, 10'000));
  result.lake.kms_key_id = reader.text("lake.kms_key_id");
  result.lake.access = read_aws_access(reader, "lake");
}

}  // namespace finops
