#include "finops/lake/snapshot_rewrite.h"

#include <algorithm>
#include <charconv>

#include "finops/core/error.h"
#include "finops/core/unique_ids.h"
#include "finops/lake/file_metrics.h"

namespace finops::lake {
namespace {

/// Manifests above this size are left alone when their period changes elsewhere (Iceberg's
/// commit.manifest.target-size-bytes).
constexpr std::int64_t kManifestTargetBytes = 8 << 20;

std::string in_words(const PartitionKey& key) {
  std::string words;
  for (const auto& value : key.values) words += (words.empty() ? "" : " ") + value;
  return words.empty() ? "all" : words;
}

/// The id that the caller gave, as far as the changes of the table agree.
std::int64_t wanted_id(const std::vector<const PartitionChange*>& changes) {
  std::int64_t id = 0;
  for (const auto* change : changes) {
    if (id != 0 && change->snapshot_id != 0 && id != change->snapshot_id) {
      throw Error(ErrorKind::kInternal,
                  "a commit gives " + change->table.to_string() + " two snapshot ids");
    }
    if (change->snapshot_id != 0) id = change->snapshot_id;
  }
  return id == 0 ? new_snapshot_id() : id;
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  return names;
}

}  // namespace

// Random, so that writers need not agree on a counter.
std::int64_t new_snapshot_id() { return static_cast<std::int64_t>(random_bits() >> 1) | 1; }

void SnapshotRewrite::Totals::add(const DataFile& file) {
  ++files;
  rows += file.rows;
  bytes += file.bytes;
}

SnapshotRewrite::SnapshotRewrite(TableFiles& files, const LakePaths& paths, TableMetadata& next,
                                 CommitAttempt& attempt, std::int64_t timestamp,
                                 const std::vector<const PartitionChange*>& changes)
    : files_(files),
      paths_(paths),
      next_(next),
      attempt_(attempt),
      timestamp_(timestamp),
      snapshot_id_(wanted_id(changes)),
      sequence_number_(next.last_sequence_number() + 1),
      execution_id_field_(next.field_id("execution_id")) {
  const auto partition_columns = next.partition_columns().size();
  for (const auto* change : changes) {
    if (change->partition.values.size() != partition_columns) {
      throw Error(ErrorKind::kInternal, "a commit names a partition that " +
                                            change->table.to_string() +
                                            " cannot have: " + in_words(change->partition));
    }
    auto& partition = partitions_[change->partition];
    if (partition.change != nullptr) {
      throw Error(ErrorKind::kInternal, "a commit changes " + in_words(change->partition) + " of " +
                                            change->table.to_string() + " twice");
    }
    partition.change = change;
    groups_.push_back(group_of(change->partition));
  }
}

void SnapshotRewrite::run() {
  if (next_.snapshot(snapshot_id_) != nullptr) {
    throw Error(ErrorKind::kInternal,
                "the snapshot id " + std::to_string(snapshot_id_) + " is taken already");
  }
  if (const auto* parent = next_.current_snapshot()) {
    const auto manifests = files_.manifests(*parent);
    for (const auto& manifest : *manifests) take_over(manifest);
  }
  for (auto& [key, partition] : partitions_) finish(key, partition);
  write_manifests();
  next_.add_snapshot(snapshot());
}

bool SnapshotRewrite::is_touched(const ManifestFile& manifest) const {
  return std::ranges::any_of(partitions_,
                             [&](const auto& item) { return manifest.may_contain(item.first); });
}

bool SnapshotRewrite::is_to_be_merged(const ManifestFile& manifest) const {
  return manifest.length < kManifestTargetBytes &&
         std::ranges::any_of(
             groups_, [&](const auto& group) { return manifest.is_only_of(group); });
}

void SnapshotRewrite::take_over(const ManifestFile& manifest) {
  if (!manifest.has_live_files()) return;  // only tells what its own snapshot removed
  const bool is_merged = is_to_be_merged(manifest);
  if (!is_merged && !is_touched(manifest)) return manifests_.push_back(manifest);
  require_spec(manifest, next_);
  const auto entries = files_.entries(manifest);
  const auto is_ours = [&](const ManifestEntry& entry) {
    return entry.is_live() && partitions_.contains(entry.file.partition);
  };
  if (!is_merged && std::ranges::none_of(*entries, is_ours)) return manifests_.push_back(manifest);
  for (const auto& entry : *entries) {
    if (entry.is_live()) take_over(entry, manifest.content);
  }
}

void SnapshotRewrite::take_over(ManifestEntry entry, int content) {
  entry.status = Status::kExisting;
  const auto it = partitions_.find(entry.file.partition);
  if (it != partitions_.end()) {
    auto& [change, found, keeps_files, delete_files] = it->second;
    if (entry.file.content != Content::kData) return delete_files.push_back(std::move(entry));
    found.push_back(entry.file.path);
    const bool goes =
        !change->removes || change->removes(lake_file_of(entry.file, execution_id_field_));
    if (goes)
      remove(entry);
    else
      keeps_files = true;
  }
  const auto group = group_of(entry.file.partition);
  const bool changes = std::ranges::find(groups_, group) != groups_.end();
  rewritten_[{content, changes ? group : ""}].push_back(std::move(entry));
}

void SnapshotRewrite::remove(ManifestEntry& entry) {
  entry.status = Status::kDeleted;
  entry.snapshot_id = snapshot_id_;
  if (entry.file.content == Content::kData)
    removed_.add(entry.file);
  else
    ++removed_delete_files_;
}

void SnapshotRewrite::finish(const PartitionKey& key, Partition& partition) {
  const auto& change = *partition.change;
  if (sorted(partition.found) != sorted(change.planned_on)) {
    throw Error(ErrorKind::kConflict,
                "another writer changed " + in_words(key) + " of " + change.table.to_string() +
                    " since this commit was planned; run the same command again, which looks at "
                    "what is there now");
  }
  // Deletes of rows end with the files that they are about, and stay while one of those does.
  for (auto& entry : partition.delete_files) {
    if (!partition.keeps_files) remove(entry);
    rewritten_[{1, group_of(key)}].push_back(std::move(entry));
  }
  for (const auto& written : change.add) {
    add({.path = paths_.uri_of(written.key),
         .partition = key,
         .rows = written.rows,
         .bytes = static_cast<std::int64_t>(written.bytes),
         .metrics = encoded_metrics(written, next_)});
  }
  for (const auto& copy : change.add_copies) {
    add({.path = paths_.uri_of(copy.key),
         .partition = key,
         .rows = copy.from.rows,
         .bytes = static_cast<std::int64_t>(copy.from.bytes),
         .metrics = copy.metrics});
  }
}

void SnapshotRewrite::add(DataFile file) {
  added_.add(file);
  const std::string group = group_of(file.partition);
  rewritten_[{0, group}].push_back({Status::kAdded, snapshot_id_, {}, {}, std::move(file)});
}

void SnapshotRewrite::write_manifests() {
  for (auto& [where, entries] : rewritten_) {
    ManifestFile manifest;
    manifest.content = where.first;
    manifest.added_snapshot_id = snapshot_id_;
    manifest.sequence_number = sequence_number_;
    const auto bytes = write_manifest(next_, entries, manifest);
    manifest.path = attempt_.write(next_, attempt_.next_name() + ".avro", bytes);
    manifests_.push_back(std::move(manifest));
  }
}

Json SnapshotRewrite::snapshot() {
  Json snapshot = {{"snapshot-id", snapshot_id_}};
  if (const auto parent = next_.current_snapshot_id()) snapshot["parent-snapshot-id"] = *parent;
  snapshot["sequence-number"] = sequence_number_;
  snapshot["timestamp-ms"] = timestamp_;
  snapshot["summary"] = summary();
  snapshot["schema-id"] = next_.schema().at("schema-id");
  snapshot["manifest-list"] = attempt_.write(
      next_, "snap-" + std::to_string(snapshot_id_) + "-1-" + attempt_.id() + ".avro",
      write_manifest_list(snapshot, manifests_));
  return snapshot;
}

Json SnapshotRewrite::summary() const {
  Json summary = {{"operation", removed_.files == 0 ? "append"
                                : added_.files == 0 ? "delete"
                                                    : "overwrite"}};
  const auto put = [&](const char* key, std::int64_t value) {
    if (value != 0) summary[key] = std::to_string(value);
  };
  put("added-data-files", added_.files);
  put("added-records", added_.rows);
  put("added-files-size", added_.bytes);
  put("deleted-data-files", removed_.files);
  put("deleted-records", removed_.rows);
  put("removed-files-size", removed_.bytes);
  put("removed-delete-files", removed_delete_files_);
  summary["changed-partition-count"] = std::to_string(partitions_.size());
  add_totals(summary);
  for (const auto& [key, partition] : partitions_) {
    for (const auto& [name, value] : partition.change->summary) summary[name] = value;
  }
  return summary;
}

/// Counted from the new manifest list, not carried forward, so that an error never sticks.
void SnapshotRewrite::add_totals(Json& summary) const {
  std::int64_t files = 0, rows = 0, delete_files = 0;
  for (const auto& manifest : manifests_) {
    const auto live = manifest.added_files + manifest.existing_files;
    (manifest.content == 0 ? files : delete_files) += live;
    if (manifest.content == 0) rows += manifest.added_rows + manifest.existing_rows;
  }
  summary["total-data-files"] = std::to_string(files);
  summary["total-delete-files"] = std::to_string(delete_files);
  summary["total-records"] = std::to_string(rows);
  // The list does not tell bytes, so these are carried forward as far as they are known.
  std::int64_t bytes = 0;
  const auto* parent = next_.current_snapshot();
  const auto before = parent && parent->contains("summary")
                          ? parent->at("summary").value("total-files-size", "")
                          : std::string(parent ? "" : "0");
  const auto [end, code] = std::from_chars(before.data(), before.data() + before.size(), bytes);
  if (code == std::errc() && end == before.data() + before.size()) {
    summary["total-files-size"] = std::to_string(bytes + added_.bytes - removed_.bytes);
  }
  if (delete_files == 0) {
    summary["total-position-deletes"] = "0";
    summary["total-equality-deletes"] = "0";
  }
}

}  // namespace finops::lake
