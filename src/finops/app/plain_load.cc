#include "finops/app/plain_load.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>
#include <vector>

#include "finops/config/bucket_name.h"
#include "finops/config/export_reading.h"
#include "finops/config/file_url.h"
#include "finops/config/nearest_name.h"
#include "finops/core/error.h"
#include "finops/sources/aws_cur/column_dictionary.h"
#include "finops/sources/plain_folder/plain_folder_source.h"
#include "finops/stores/local/local_store.h"

namespace finops {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kS3 = "s3://";
/// Where Data Exports put the files of a month; its manifest is elsewhere: "metadata/…".
constexpr std::string_view kDataFolder = "data/BILLING_PERIOD=";
constexpr std::string_view kManifestFolder = "metadata/BILLING_PERIOD=";

constexpr std::array kFormats = {BillFormat::kCsv, BillFormat::kCsvGzip, BillFormat::kCsvZip,
                                 BillFormat::kParquet};

/// All kinds of bills that can be told from each other without a manifest.
std::vector<BillKind> bill_kinds() {
  return {{"cur", &aws_column_dictionary()}, {"focus", &focus_column_dictionary()}};
}

struct Place {
  std::string uri;
  std::string folder;  // of this machine, else empty
  std::string bucket;
  std::string prefix;  // of keys in the folder or the bucket
};

Place place_in_s3(const std::string& location) {
  const std::string rest = location.substr(kS3.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  Place place{.uri = location, .folder = "", .bucket = rest.substr(0, slash), .prefix = ""};
  place.prefix = rest.substr(std::min(slash + 1, rest.size()));
  if (!is_bucket_name(place.bucket)) {
    throw Error(ErrorKind::kUsage, "'" + location + "' " + advice_for_bucket(place.bucket));
  }
  if (has_dot_segment(place.prefix)) {
    throw Error(ErrorKind::kUsage, "'" + location + "' must not hold '.' or '..' as a folder");
  }
  while (place.uri.ends_with('/')) place.uri.pop_back();
  return place;
}

std::string uri_of_path(const std::string& path) {
  std::string uri = "file://";
  for (const char c : path) uri += c == '%' ? "%25" : std::string(1, c);
  return uri;
}

Place place_on_this_machine(const std::string& location) {
  fs::path path = is_file_url(location) ? path_of_file_url(location) : location;
  path = fs::absolute(path).lexically_normal();
  if (!path.has_filename() && path.has_relative_path()) path = path.parent_path();
  Place place{
      .uri = uri_of_path(path.string()), .folder = path.string(), .bucket = "", .prefix = ""};
  std::error_code ignored;
  const std::size_t export_end = place.folder.rfind("/" + std::string(kDataFolder));
  if (export_end != std::string::npos) {
    place.prefix = place.folder.substr(export_end + 1);
    place.folder.resize(export_end);
  } else if (fs::is_regular_file(path, ignored)) {
    place.folder = path.parent_path().string();
    place.prefix = path.filename().string();
  }
  return place;
}

/// Empty where the files do not lie as in a Data Export.
std::string manifest_prefix_of(const std::string& prefix) {
  const std::string framed = "/" + prefix;
  const std::size_t at = framed.rfind("/" + std::string(kDataFolder));
  if (at == std::string::npos) return "";
  const std::string month = prefix.substr(at + kDataFolder.size());
  return prefix.substr(0, at) + std::string(kManifestFolder) + month.substr(0, month.find('/')) +
         "/";
}

Place place_of(const std::string& location) {
  if (location.starts_with(kS3)) return place_in_s3(location);
  if (location.empty() || (!is_file_url(location) && location.find("://") != location.npos)) {
    throw Error(ErrorKind::kUsage, "'" + location +
                                       "' is no place of a bill: name a folder or a file, as "
                                       "path, file:///path or s3://bucket/prefix");
  }
  return place_on_this_machine(location);
}

DeliveredPlace open(const Configuration& configuration, const AwsConnections& aws,
                    const Place& place) {
  if (place.folder.empty()) return {aws.bucket(configuration, place.bucket), true};
  return {make_local_store(place.folder, {.must_exist = true}), false};
}

void refuse_format(const std::string& word) {
  std::vector<std::string> known;
  for (const BillKind& kind : bill_kinds()) known.push_back(kind.name);
  for (const BillFormat format : kFormats) known.emplace_back(to_string(format));
  std::string list;
  for (const std::string& one : known) list += (list.empty() ? "" : ", ") + one;
  const auto near = nearest_name(word, known);
  throw Error(ErrorKind::kUsage, "--format takes " + list + ", not '" + word + "'" +
                                     (near ? "; did you mean " + *near + "?" : ""));
}

void take_format(const std::string& word, PlainFolderOptions& options) {
  if (const auto format =
          std::ranges::find(kFormats, word, [](BillFormat f) { return to_string(f); });
      format != kFormats.end()) {
    options.told_formats.insert(*format);
    return;
  }
  if (std::ranges::find(options.kinds, word, &BillKind::name) == options.kinds.end()) {
    refuse_format(word);
  }
  if (!options.told_kind.empty() && options.told_kind != word) {
    throw Error(ErrorKind::kUsage, "--format says both " + options.told_kind + " and " + word +
                                       "; a load is of one kind of bill");
  }
  options.told_kind = word;
}

void check_names(const Configuration& configuration, const LoadRequest& request) {
  if (!is_one_name(request.source)) {
    throw Error(
        ErrorKind::kUsage,
        "--source must be a name of up to 200 letters without '/', not '" + request.source + "'");
  }
  if (std::ranges::find(configuration.exports, request.source, &AwsExport::name) !=
      configuration.exports.end()) {
    throw Error(ErrorKind::kUsage,
                "--source '" + request.source +
                    "' is an export of the configuration, which is loaded by its manifests "
                    "(`finops aws run-pipeline`); give these files a name of their own");
  }
  if (request.table.empty()) return;
  if (const auto wrong = advice_for_table(request.table)) {
    throw Error(ErrorKind::kUsage, "--table " + *wrong);
  }
}

}  // namespace

PipelineExport make_plain_export(const Configuration& configuration, const AwsConnections& aws,
                                 const LoadRequest& request) {
  check_names(configuration, request);
  const Place place = place_of(request.location);
  PlainFolderOptions options{.location = place.uri,
                             .prefix = place.prefix,
                             .manifest_prefix = manifest_prefix_of(place.prefix),
                             .kinds = bill_kinds()};
  for (const std::string& word : request.formats) take_format(word, options);
  options.told_period = request.period;
  options.is_recursive = request.is_recursive;
  PipelineExport made;
  made.name = request.source;
  made.table = request.table;
  made.location = place.uri;
  auto [bucket, is_remote] = open(configuration, aws, place);
  made.bucket = std::move(bucket);
  made.is_remote = is_remote;
  made.keep_staging = configuration.aws.keep_staging;
  made.closed_after_days = configuration.aws.closed_after_days;
  made.allow_overlap = configuration.aws.allow_overlap;
  made.source = make_plain_folder_source(made.bucket, std::move(options));
  return made;
}

DeliveredPlace open_place(const Configuration& configuration, const AwsConnections& aws,
                          const std::string& uri) {
  return open(configuration, aws, place_of(uri));
}

}  // namespace finops
