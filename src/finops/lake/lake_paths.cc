#include "finops/lake/lake_paths.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <functional>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/sha256.h"

namespace finops::lake {
namespace {

/// File systems end a name at 255 bytes.
constexpr std::size_t kLongestName = 160;

/// One spelling for all: "file:///a", "file:/a" and "/a" are "/a"; "s3a://b/c" is "s3://b/c".
std::string canonical(std::string_view uri) {
  for (const std::string_view prefix : {"file://localhost/", "file:///", "file:/"}) {
    if (uri.starts_with(prefix)) return "/" + std::string(uri.substr(prefix.size()));
  }
  for (const std::string_view prefix : {"s3a://", "s3n://"}) {
    if (uri.starts_with(prefix)) return "s3://" + std::string(uri.substr(prefix.size()));
  }
  return std::string(uri);
}

bool climbs(std::string_view path) {
  return ("/" + std::string(path) + "/").find("/../") != std::string::npos;
}

std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool is_plain =
        std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
    if (is_plain) {
      out.push_back(c);
    } else {
      char text[4];
      std::snprintf(text, sizeof text, "%%%02X", static_cast<unsigned char>(c));
      out += text;
    }
  }
  if (out.size() <= kLongestName) return out;
  return out.substr(0, kLongestName - 16) + sha256_of(value).substr(0, 16);
}

std::string checked_root(std::string root) {
  while (root.ends_with('/')) root.pop_back();
  const bool is_file = root.starts_with("file:///");
  const auto scheme_end = root.find("://");
  const bool is_bucket = !root.starts_with("file:") && scheme_end != std::string::npos &&
                         scheme_end > 0 && scheme_end + 3 < root.size();
  if ((is_file || is_bucket) && !climbs(root)) return root;
  throw Error(ErrorKind::kInvalidConfig,
              "the lake's root '" + root +
                  "' is not a URI such as file:///srv/finops/lake or s3://bucket/lake");
}

}  // namespace

LakePaths::LakePaths(std::string root_uri, std::string former_root)
    : root_(checked_root(std::move(root_uri))), known_roots_{canonical(root_)} {
  if (former_root.empty()) return;
  known_roots_.push_back(canonical(checked_root(std::move(former_root))));
  std::ranges::sort(known_roots_, std::ranges::greater(), &std::string::size);
}

std::optional<std::string> LakePaths::find_key(const std::string& uri) const {
  const auto path = canonical(uri);
  if (climbs(path)) return std::nullopt;
  for (const auto& root : known_roots_) {
    if (!path.starts_with(root + "/")) continue;
    auto key = path.substr(root.size() + 1);
    key.erase(0, key.find_first_not_of('/'));
    return key;
  }
  return std::nullopt;
}

std::string LakePaths::key_of(const std::string& uri) const {
  if (auto key = find_key(uri)) return std::move(*key);
  throw Error(ErrorKind::kUnsupported,
              "the file '" + uri + "' lies outside of the lake '" + root_ +
                  "', which is all that finops reads and writes; move the table below it, or set "
                  "lake_dir to a folder that holds both. After the lake was moved, 'finops lake "
                  "relocate' makes its metadata name the new place");
}

std::string LakePaths::table_folder(const TableName& table) {
  return escaped(table.name_space) + "/" + escaped(table.name);
}

std::string LakePaths::partition_folder(const std::vector<std::string>& columns,
                                        const PartitionKey& partition) {
  std::string folder;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    folder += escaped(columns[i]) + "=" + escaped(partition.values.at(i)) + "/";
  }
  return folder;
}

}  // namespace finops::lake
