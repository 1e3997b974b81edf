#include "finops/sources/aws_cur/partition_listing.h"

#include "finops/core/error.h"
#include "finops/sources/aws_cur/layout.h"
#include "finops/sources/aws_cur/manifest_files.h"

namespace finops::aws_cur {

namespace {

std::vector<std::string> data_files(const Listing& listing) {
  std::vector<std::string> keys;
  for (const ObjectInfo& object : listing.objects) {
    if (is_data_file(object.key)) keys.push_back(object.key);
  }
  return keys;
}

/// "<timestamp>-<executionId>" or "<executionId>".
bool is_folder_of(std::string_view name, const std::string& version) {
  return name == version || name.ends_with("-" + version);
}

}  // namespace

std::vector<std::string> files_of_partition(ObjectStore& store, const std::string& folder,
                                            const std::optional<std::string>& version,
                                            const ManifestPlace& place) {
  const Listing listing = store.list_level(folder);
  std::vector<std::string> matching;
  for (const std::string& inner : listing.folders) {
    if (version && is_folder_of(last_name(inner), *version)) matching.push_back(inner);
  }
  if (matching.size() == 1) return data_files(store.list_level(matching.front()));
  std::vector<std::string> direct = data_files(listing);
  if (matching.empty() && (!direct.empty() || listing.folders.empty())) return direct;
  if (matching.empty() && !version && listing.folders.size() == 1) {
    return data_files(store.list_level(listing.folders.front()));
  }
  throw Error(ErrorKind::kInvalidData,
              "manifest '" + place.key + "': it names no files, and '" + folder + "' holds " +
                  std::to_string(listing.folders.size()) +
                  " deliveries, of which none can be told to be the current one");
}

}  // namespace finops::aws_cur
