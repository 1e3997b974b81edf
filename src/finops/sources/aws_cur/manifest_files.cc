#include "finops/sources/aws_cur/manifest_files.h"

#include <algorithm>
#include <optional>
#include <set>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"
#include "finops/core/sha256.h"

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

/// What a file is by its name; empty for csv.gz, nothing when the name does not tell.
std::optional<std::string_view> foreign_format(std::string_view key) {
  const std::string name = ascii_lower(key);
  if (name.ends_with(".gz")) return "";
  if (name.ends_with(".parquet")) return "Parquet";
  if (name.ends_with(".zip")) return "CSV in ZIP files";
  if (name.ends_with(".csv")) return "CSV without compression";
  return std::nullopt;
}

std::string_view foreign_format_as_told(std::string_view told_format) {
  const std::string told = ascii_lower(told_format);
  if (told.find("parquet") != told.npos) return "Parquet";
  if (told.starts_with("zip")) return "CSV in ZIP files";
  return "";
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

void require_csv_gz(const std::vector<std::string>& files, std::string_view told_format,
                    std::string_view manifest_key) {
  std::string_view format = files.empty() ? foreign_format_as_told(told_format) : "";
  std::string example;
  for (const std::string& file : files) {
    const bool is_told_gzip = ascii_lower(told_format).starts_with("gzip");
    format =
        foreign_format(file).value_or(is_told_gzip ? "" : "in a format that finops cannot tell");
    example = " ('" + file + "')";
    if (!format.empty()) break;
  }
  if (format.empty()) return;
  throw Error(ErrorKind::kUnsupported,
              "manifest '" + std::string(manifest_key) + "': the delivery is " +
                  std::string(format) + example +
                  "; finops reads csv.gz for now, other formats come in a later version. In AWS, "
                  "choose text/csv with GZIP for this export");
}

bool is_data_file(std::string_view key) {
  const std::string name = ascii_lower(key);
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{".csv", ".gz", ".zip", ".parquet"},
      [&](std::string_view ending) { return name.ends_with(ending); });
}

std::string version_of_content(std::string_view manifest_etag,
                               const std::vector<std::string>& files) {
  std::string content(manifest_etag);
  for (const std::string& file : files) content += "\n" + file;
  return "m-" + sha256_of(content).substr(0, 16);
}

}  // namespace finops::aws_cur
