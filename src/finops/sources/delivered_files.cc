#include "finops/sources/delivered_files.h"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "finops/core/error.h"

namespace finops {

namespace {

constexpr std::size_t kNamedAtMost = 5;  // of many missing files
// A copy of a delivery is written in any order, within minutes; AWS refreshes after hours.
constexpr std::chrono::minutes kWrittenTogether{30};

std::string folder_of(std::string_view key) {
  return std::string(key.substr(0, key.rfind('/') + 1));  // npos + 1 is 0: no folder
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                           hex_digit(text[i + 2]) >= 0;
    if (!is_escape) {
      result += text[i];
      continue;
    }
    result += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    i += 2;
  }
  return result;
}

/// Objects by key: a folder of which several files are wanted is listed, once.
class Lookup {
 public:
  Lookup(ObjectStore& store, const std::vector<std::string>& keys) : store_(store) {
    for (const std::string& key : keys) ++wanted_[folder_of(key)];
  }

  std::optional<ObjectInfo> find(const std::string& key) {
    const std::string folder = folder_of(key);
    if (wanted_[folder] < 3) return store_.stat(key);
    auto listed = listed_.find(folder);
    if (listed == listed_.end()) {
      listed = listed_.try_emplace(folder).first;
      for (ObjectInfo& info : store_.list_level(folder).objects) {
        std::string name = info.key;
        listed->second.emplace(std::move(name), std::move(info));
      }
    }
    const auto found = listed->second.find(key);
    if (found == listed->second.end()) return std::nullopt;
    return found->second;
  }

 private:
  ObjectStore& store_;
  std::map<std::string, int> wanted_;  // files by folder
  std::map<std::string, std::map<std::string, ObjectInfo>> listed_;
};

Error missing_files(const Delivery& delivery, const std::vector<std::string>& missing) {
  std::string names;
  for (std::size_t i = 0; i < missing.size() && i < kNamedAtMost; ++i) {
    names += (i == 0 ? "'" : ", '") + missing[i] + "'";
  }
  if (missing.size() > kNamedAtMost) {
    names += " and " + std::to_string(missing.size() - kNamedAtMost) + " more";
  }
  if (!delivery.has_manifest) {
    return {ErrorKind::kConflict, "of the files that were in '" + delivery.manifest_key +
                                      "' a moment ago are gone: " + names +
                                      "; somebody is changing them, run the same command again"};
  }
  return {ErrorKind::kNotFound,
          "manifest '" + delivery.manifest_key + "' lists " +
              std::to_string(delivery.files.size()) + " files, of which " +
              std::to_string(missing.size()) + " do not exist: " + names +
              "; copy the delivery again, whole, or wait for the provider's next one"};
}

/// In a folder of its own each version's files never change.
bool has_own_folder(const std::string& key, const std::string& version) {
  return folder_of(key).find(version) != std::string::npos;
}

void require_that_nobody_writes(const std::vector<ObjectInfo>& files, const Delivery& delivery) {
  if (delivery.manifest_modified == TimePoint{}) return;
  for (const ObjectInfo& file : files) {
    if (file.last_modified <= delivery.manifest_modified + kWrittenTogether ||
        has_own_folder(file.key, delivery.version)) {
      continue;
    }
    throw Error(ErrorKind::kConflict,
                "'" + file.key + "' is of " + to_iso8601(file.last_modified) + ", its manifest '" +
                    delivery.manifest_key + "' of " + to_iso8601(delivery.manifest_modified) +
                    ": AWS is replacing the files and will write the manifest last, so what is "
                    "there may be a mix of two versions. Nothing was loaded; run the same command "
                    "again later, or, where this is a copy, copy the manifest again");
  }
}

}  // namespace

std::vector<ObjectInfo> check_files(ObjectStore& store, const Delivery& delivery) {
  Lookup lookup(store, delivery.files);
  std::vector<ObjectInfo> found;
  std::vector<std::string> missing;
  std::set<std::string> seen;
  for (const std::string& key : delivery.files) {
    std::optional<ObjectInfo> info = lookup.find(key);
    if (!info && key.find('%') != key.npos) info = store.stat(percent_decoded(key));
    if (!info) {
      missing.push_back(key);
      continue;
    }
    if (!seen.insert(info->key).second) {
      throw Error(ErrorKind::kInvalidData, "manifest '" + delivery.manifest_key + "' lists '" +
                                               info->key + "' twice; it would be counted twice");
    }
    found.push_back(std::move(*info));
  }
  if (!missing.empty()) throw missing_files(delivery, missing);
  require_that_nobody_writes(found, delivery);
  return found;
}

bool manifest_is_unchanged(ObjectStore& store, const Delivery& delivery) {
  const std::optional<ObjectInfo> now = store.stat(delivery.manifest_key);
  return now && now->etag == delivery.manifest_etag;
}

Error changed_while(const std::string& read, const Delivery& delivery) {
  const char* who = delivery.has_manifest ? "a newer version is being delivered"
                                          : "files were added, removed or written over";
  return {ErrorKind::kConflict, "'" + delivery.manifest_key + "' changed while its files were " +
                                    read + ": " + who +
                                    ". Nothing was loaded; run the same command again"};
}

}  // namespace finops
