#include "finops/sources/aws_cur/manifest_files.h"

#include <optional>
#include <set>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"
#include "finops/core/sha256.h"
#include "finops/tabular/bill_layout.h"

namespace finops::aws_cur {

namespace {

Error refused(const ManifestPlace& place, const std::string& why) {
  return {ErrorKind::kInvalidData, "manifest '" + place.key + "': " + why};
}

struct Location {
  std::string_view bucket;  // empty: the manifest's
  std::string_view key;
};

/// Nothing for a URI of another scheme.
std::optional<Location> location_of(std::string_view entry) {
  const std::size_t scheme = entry.find("://");
  if (scheme == entry.npos) {
    while (entry.starts_with('/')) entry.remove_prefix(1);
    return Location{{}, entry};
  }
  const std::string name = ascii_lower(entry.substr(0, scheme));
  if (name != "s3" && name != "s3a" && name != "s3n") return std::nullopt;
  const std::string_view path = entry.substr(scheme + 3);
  const std::size_t slash = path.find('/');
  if (slash == path.npos || slash == 0) return std::nullopt;
  return Location{path.substr(0, slash), path.substr(slash + 1)};
}

/// Keys that a local store would resolve to another file than S3 does are not AWS's.
bool is_sound_key(std::string_view key) {
  if (key.empty() || key.ends_with('/')) return false;
  for (const char c : key) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  const std::string framed = "/" + std::string(key) + "/";
  return framed.find("/../") == framed.npos && framed.find("/./") == framed.npos;
}

}  // namespace

std::vector<std::string> keys_of_entries(const std::vector<std::string>& entries,
                                         std::string_view told_bucket, const ManifestPlace& place) {
  std::string bucket = place.bucket.empty() ? std::string(told_bucket) : place.bucket;
  std::vector<std::string> keys;
  std::set<std::string_view> seen;
  for (const std::string& entry : entries) {
    const std::optional<Location> location = location_of(entry);
    if (!location || !is_sound_key(location->key)) {
      throw refused(place, "it lists '" + entry + "', which is neither a key nor an s3:// URI");
    }
    if (bucket.empty()) bucket = location->bucket;
    if (!location->bucket.empty() && location->bucket != bucket) {
      throw refused(place, "it lists '" + entry + "', which is in another bucket than '" + bucket +
                               "'; finops reads one bucket for each export: set `bucket` to the "
                               "one that the files are in");
    }
    if (location->key == place.key || ascii_lower(location->key).ends_with("manifest.json")) {
      throw refused(place, "it lists a manifest as data: '" + entry + "'");
    }
    if (!seen.insert(location->key).second) {
      throw refused(place, "it lists '" + entry + "' twice; it would be counted twice");
    }
    keys.emplace_back(location->key);
  }
  return keys;
}

void require_known_formats(const std::vector<std::string>& files, std::string_view told_format,
                           std::string_view manifest_key) {
  const auto said = [&](const std::string& what) {
    return "manifest '" + std::string(manifest_key) + "': " + what;
  };
  const bool is_told_gzip = ascii_lower(told_format).starts_with("gzip");
  std::optional<bool> are_parquet;
  for (const std::string& file : files) {
    std::optional<BillFormat> format = format_of_name(file);
    if (!format && is_told_gzip) format = BillFormat::kCsvGzip;
    if (!format) {
      throw Error(ErrorKind::kUnsupported,
                  said("'" + file +
                       "' is in a format that finops cannot tell; it reads .csv, "
                       ".csv.gz, .csv.zip and .parquet"));
    }
    const bool is_parquet = format == BillFormat::kParquet;
    if (are_parquet.value_or(is_parquet) != is_parquet) {
      throw Error(ErrorKind::kInvalidData,
                  said("it lists CSV and Parquet files; both may be the same bill, which would be "
                       "counted twice"));
    }
    are_parquet = is_parquet;
  }
}

bool is_data_file(std::string_view key) { return format_of_name(key).has_value(); }

std::string version_of_content(std::string_view manifest_etag,
                               const std::vector<std::string>& files) {
  std::string content(manifest_etag);
  for (const std::string& file : files) content += "\n" + file;
  return "m-" + sha256_of(content).substr(0, 16);
}

}  // namespace finops::aws_cur
