#include "finops/lake/expiry.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace finops::lake {
namespace {

using Snapshots = std::vector<const Json*>;

std::set<std::int64_t> retained_ids(const TableMetadata& metadata, const Retention& retention) {
  std::set<std::int64_t> ids = retention.keep;
  if (const auto id = metadata.snapshot_id_at(retention.older_than_ms)) ids.insert(*id);
  if (const auto refs = metadata.json().find("refs"); refs != metadata.json().end()) {
    for (const auto& [name, ref] : refs->items())
      ids.insert(ref.at("snapshot-id").get<std::int64_t>());
  }
  int position = 0;
  for (const auto id : metadata.current_lineage()) {
    if (position == 0 || position < retention.keep_last) ids.insert(id);
    ++position;
  }
  return ids;
}

std::map<std::string, ManifestFile> manifests_of(TableFiles& files, const Snapshots& snapshots) {
  std::map<std::string, ManifestFile> manifests;
  for (const auto* snapshot : snapshots) {
    const auto list = files.manifests(*snapshot);
    for (const auto& manifest : *list) manifests.emplace(manifest.path, manifest);
  }
  return manifests;
}

/// Files by place, whatever the spelling of their URIs; those outside of the lake are not ours.
class FileSet {
 public:
  explicit FileSet(const LakePaths& paths) : paths_(paths) {}
  void insert(const std::string& uri) {
    if (paths_.is_inside(uri)) by_key_.emplace(paths_.key_of(uri), uri);
  }
  void erase(const std::string& uri) {
    if (paths_.is_inside(uri)) by_key_.erase(paths_.key_of(uri));
  }
  bool empty() const { return by_key_.empty(); }
  std::vector<std::string> uris() const {
    std::vector<std::string> uris;
    for (const auto& [key, uri] : by_key_) uris.push_back(uri);
    return uris;
  }

 private:
  const LakePaths& paths_;
  std::map<std::string, std::string> by_key_;
};

void add_statistics(const TableMetadata& metadata, const std::set<std::int64_t>& expired,
                    FileSet& out) {
  for (const char* key : {"statistics", "partition-statistics"}) {
    for (const auto& item : metadata.json().value(key, Json::array())) {
      if (expired.contains(item.at("snapshot-id").get<std::int64_t>())) {
        out.insert(item.at("statistics-path").get<std::string>());
      }
    }
  }
}

void add_unreachable(TableFiles& files, const Snapshots& expired, const Snapshots& retained,
                     FileSet& unreachable) {
  auto gone = manifests_of(files, expired);
  const auto kept = manifests_of(files, retained);
  std::erase_if(gone, [&](const auto& item) { return kept.contains(item.first); });
  for (const auto& [path, manifest] : gone) {
    const auto entries = files.entries(manifest);
    for (const auto& entry : *entries) unreachable.insert(entry.file.path);
  }
  for (const auto& [path, manifest] : kept) {
    if (unreachable.empty()) break;
    if (!manifest.has_live_files()) continue;
    const auto entries = files.entries(manifest);
    for (const auto& entry : *entries) {
      if (entry.is_live()) unreachable.erase(entry.file.path);
    }
  }
  for (const auto& [path, manifest] : gone) unreachable.insert(path);
  for (const auto* snapshot : expired) unreachable.insert(snapshot->at("manifest-list"));
}

}  // namespace

ExpiryReport forget_snapshots(TableFiles& files, const LakePaths& paths, TableMetadata& next,
                              const Retention& retention) {
  const auto keep = retained_ids(next, retention);
  Snapshots expired, retained;
  std::set<std::int64_t> ids;
  for (const auto& snapshot : next.snapshots()) {
    const auto id = snapshot.at("snapshot-id").get<std::int64_t>();
    const bool stays = keep.contains(id) || snapshot.at("timestamp-ms") >= retention.older_than_ms;
    (stays ? retained : expired).push_back(&snapshot);
    if (!stays) ids.insert(id);
  }
  if (expired.empty()) return {};
  // Computed before the commit: afterwards nothing leads to these files any more.
  FileSet unreachable(paths);
  add_unreachable(files, expired, retained, unreachable);
  add_statistics(next, ids, unreachable);
  next.remove_snapshots(ids);
  return {{ids.begin(), ids.end()}, unreachable.uris()};
}

}  // namespace finops::lake
