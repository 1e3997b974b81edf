#include "finops/lake/named_files.h"

#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/parallel.h"
#include "finops/lake/json_edge.h"

namespace finops::lake {
namespace {

constexpr std::size_t kReadsAtOnce = 16;

class Collection {
 public:
  Collection(TableFiles& files, const LakePaths& paths) : files_(files), paths_(paths) {}

  NamedFiles collect(const std::string& metadata_location) {
    tolerating(metadata_location, [&] {
      const auto metadata = files_.metadata(metadata_location);
      add({metadata_location, "metadata file", {}});
      without_json_errors([&] { add_metadata(*metadata); });
    });
    return std::move(found_);
  }

 private:
  /// A file that cannot be used is a finding; that the store cannot be asked is an error.
  template <typename Work>
  void tolerating(const std::string& uri, Work work) {
    try {
      work();
    } catch (const Error& error) {
      const bool is_finding = error.kind() == ErrorKind::kInvalidData ||
                              error.kind() == ErrorKind::kUnsupported ||
                              error.kind() == ErrorKind::kNotFound;
      if (!is_finding) throw;
      const std::lock_guard lock(mutex_);
      found_.unreadable.push_back({uri, error.what()});
    }
  }

  /// The mutex is held where threads are at work.
  bool add(NamedFile file) {
    const bool is_new =
        seen_.insert(paths_.is_inside(file.uri) ? paths_.key_of(file.uri) : file.uri).second;
    if (is_new) found_.files.push_back(std::move(file));
    return is_new;
  }

  void add_metadata(const TableMetadata& metadata) {
    const auto& json = metadata.json();
    for (const auto& entry : metadata.json().at("metadata-log")) {
      add({entry.at("metadata-file"), "older metadata file", {}, false});
    }
    for (const char* key : {"statistics", "partition-statistics"}) {
      for (const auto& item : json.value(key, Json::array())) {
        add({item.at("statistics-path"), "statistics file", {}});
      }
    }
    std::vector<const Json*> snapshots;
    for (const auto& snapshot : metadata.snapshots()) snapshots.push_back(&snapshot);
    found_.snapshots = snapshots.size();
    for_each_at_once(snapshots.size(), kReadsAtOnce,
                     [&](std::size_t i) { add_manifests(*snapshots[i]); });
    std::vector<const ManifestFile*> manifests;
    for (const auto& [path, manifest] : manifests_) manifests.push_back(&manifest);
    for_each_at_once(manifests.size(), kReadsAtOnce,
                     [&](std::size_t i) { add_data_files(*manifests[i]); });
  }

  void add_manifests(const Json& snapshot) {
    const auto uri = snapshot.value("manifest-list", "");
    tolerating(uri, [&] {
      const auto list = without_json_errors([&] { return files_.manifests(snapshot); });
      const std::lock_guard lock(mutex_);
      add({uri, "manifest list", {}});
      for (const auto& manifest : *list) manifests_.emplace(manifest.path, manifest);
    });
  }

  void add_data_files(const ManifestFile& manifest) {
    tolerating(manifest.path, [&] {
      const auto entries = files_.entries(manifest);
      const std::lock_guard lock(mutex_);
      add({manifest.path, "manifest", static_cast<std::uint64_t>(manifest.length)});
      for (const auto& entry : *entries) {
        if (!entry.is_live()) continue;
        const bool is_data = entry.file.content == Content::kData;
        found_.has_row_deletes = found_.has_row_deletes || !is_data;
        found_.data_files += add({entry.file.path, is_data ? "data file" : "delete file",
                                  static_cast<std::uint64_t>(entry.file.bytes)});
      }
    });
  }

  TableFiles& files_;
  const LakePaths& paths_;
  std::mutex mutex_;
  NamedFiles found_;
  std::set<std::string> seen_;
  std::map<std::string, ManifestFile> manifests_;
};

}  // namespace

NamedFiles named_files(TableFiles& files, const LakePaths& paths,
                       const std::string& metadata_location) {
  return Collection(files, paths).collect(metadata_location);
}

}  // namespace finops::lake
