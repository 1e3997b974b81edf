#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace finops::lake {

/// Where a file is now that was at this URI.
using NewPlace = std::function<std::string(const std::string& uri)>;

struct MovedManifest {
  std::string uri;
  std::int64_t bytes = 0;
};

// Copies of Avro files with other paths in them. All else stays byte for byte, whoever wrote it and
// whatever fields he added. Both throw kInvalidData or kUnsupported for files that they cannot take
// in whole.

std::string manifest_with_new_paths(std::string_view manifest, const NewPlace& new_place);
/// kInvalidData when the list names a manifest that is not in `moved`.
std::string manifest_list_with_new_paths(std::string_view list,
                                         const std::map<std::string, MovedManifest>& moved);

}  // namespace finops::lake
