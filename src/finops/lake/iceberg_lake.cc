#include "finops/lake/iceberg_lake.h"

#include <algorithm>
#include <functional>

#include "finops/core/error.h"
#include "finops/core/parallel.h"
#include "finops/core/unique_ids.h"
#include "finops/lake/expiry.h"
#include "finops/lake/json_edge.h"
#include "finops/lake/make_lake.h"
#include "finops/lake/snapshot_rewrite.h"

namespace finops::lake {
namespace {

constexpr std::size_t kRemovalsAtOnce = 8;  // each is a request, or a sync of its folder

template <typename Work>
auto on_table(const TableName& table, Work work) -> decltype(work()) {
  try {
    return without_json_errors(work);
  } catch (const Error& error) {
    throw error.within("table " + table.to_string());
  }
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

SnapshotInfo info_of(const Json& snapshot) {
  SnapshotInfo info{.id = snapshot.at("snapshot-id"),
                    .committed_ms = snapshot.at("timestamp-ms"),
                    .operation = {},
                    .summary = {}};
  if (const auto summary = snapshot.find("summary"); summary != snapshot.end()) {
    for (const auto& [name, value] : summary->items()) info.summary[name] = text_of(value);
  }
  info.operation = info.summary["operation"];
  info.summary.erase("operation");
  return info;
}

Error unknown_snapshot(std::int64_t id) {
  return {ErrorKind::kNotFound,
          "there is no snapshot " + std::to_string(id) + " (any more: old ones expire)"};
}

/// The snapshot that was current at `ms`; nullptr before the first.
const Json* snapshot_at(const TableMetadata& metadata, std::int64_t ms) {
  const auto& log = metadata.json().at("snapshot-log");
  if (const auto id = metadata.snapshot_id_at(ms)) {
    if (const auto* snapshot = metadata.snapshot(*id)) return snapshot;
    throw unknown_snapshot(*id);
  }
  if (log.empty() && !metadata.current_snapshot_id()) return nullptr;
  const auto* first =
      log.empty() ? nullptr : metadata.snapshot(log.front().at("snapshot-id").get<std::int64_t>());
  const bool is_the_very_first =
      first != nullptr && first->value("parent-snapshot-id", Json()).is_null();
  if (is_the_very_first) return nullptr;
  throw Error(ErrorKind::kNotFound,
              "its history does not reach back to " + to_iso8601(TimePoint(Duration(ms))) +
                  "; the oldest snapshot kept is of " +
                  (first == nullptr ? "an unknown time"
                                    : to_iso8601(TimePoint(Duration(
                                          log.front().at("timestamp-ms").get<std::int64_t>())))));
}

void require_partitioning(const TableMetadata& metadata, const std::vector<std::string>& columns) {
  if (metadata.partition_columns() == columns) return;
  throw Error(ErrorKind::kUnsupported,
              "it is partitioned by " + metadata.partition_spec().at("fields").dump() +
                  ", not by what finops gives its files; load into another table");
}

/// False when there was nothing to add or to set.
bool add_missing(TableMetadata& next, const std::vector<Column>& columns,
                 const std::map<std::string, std::string>& properties) {
  const bool has_new_columns = next.add_columns(columns);
  const bool has_new_properties = next.set_properties(properties);
  return has_new_columns || has_new_properties;
}

}  // namespace

std::unique_ptr<Lake> make_lake(std::shared_ptr<ObjectStore> store, std::string root_uri,
                                std::shared_ptr<Catalog> catalog, Clock& clock) {
  return make_lake(std::move(store), LakePaths(std::move(root_uri)), std::move(catalog), clock);
}

std::unique_ptr<Lake> make_lake(std::shared_ptr<ObjectStore> store, LakePaths paths,
                                std::shared_ptr<Catalog> catalog, Clock& clock) {
  return std::make_unique<IcebergLake>(std::move(store), std::move(paths), std::move(catalog),
                                       clock);
}

IcebergLake::IcebergLake(std::shared_ptr<ObjectStore> store, LakePaths paths,
                         std::shared_ptr<Catalog> catalog, Clock& clock)
    : store_(std::move(store)),
      catalog_(std::move(catalog)),
      paths_(std::move(paths)),
      files_(*store_, paths_),
      committer_(files_, *catalog_, clock) {}

TableVersion IcebergLake::load(const TableName& table) {
  auto version = committer_.load(table);
  const auto folder = paths_.key_of(version.metadata->location());
  const std::lock_guard lock(mutex_);
  places_[table] = {folder, version.metadata->partition_columns()};
  return version;
}

void IcebergLake::ensure_table(const TableName& table, const TableDefinition& definition) {
  on_table(table, [&] {
    if (!has_table(table)) {
      const auto location = paths_.uri_of(LakePaths::table_folder(table));
      const auto metadata = TableMetadata::create(location, definition, committer_.now_ms());
      if (committer_.create(table, metadata)) return;
    }
    committer_.commit({{table, [&](TableMetadata& next, CommitAttempt&, std::int64_t) {
                          require_partitioning(next, definition.partition_by);
                          auto properties = definition.properties;
                          for (const auto& [name, value] : next.properties())
                            properties.erase(name);
                          return add_missing(next, definition.columns, properties);
                        }}});
  });
}

TableView IcebergLake::add_columns(const TableName& table, const std::vector<Column>& columns,
                                   const std::map<std::string, std::string>& set_properties) {
  return on_table(table, [&] {
    const auto result =
        committer_.commit({{table, [&](TableMetadata& next, CommitAttempt&, std::int64_t) {
                              return add_missing(next, columns, set_properties);
                            }}});
    const auto& version = result.versions.at(table);
    return view_of(table, version, version.metadata->current_snapshot());
  });
}

std::vector<TableName> IcebergLake::tables() { return catalog_->tables(); }

bool IcebergLake::has_table(const TableName& table) {
  return catalog_->metadata_location(table).has_value();
}

TableView IcebergLake::view(const TableName& table, std::optional<std::int64_t> snapshot_id) {
  return on_table(table, [&] {
    const auto version = load(table);
    if (!snapshot_id) return view_of(table, version, version.metadata->current_snapshot());
    const auto* snapshot = version.metadata->snapshot(*snapshot_id);
    if (snapshot == nullptr) throw unknown_snapshot(*snapshot_id);
    auto view = view_of(table, version, snapshot);
    view.committed_ms = snapshot->at("timestamp-ms");
    return view;
  });
}

TableView IcebergLake::view_as_of(const TableName& table, std::int64_t ms) {
  return on_table(table, [&] {
    const auto version = load(table);
    const auto* snapshot = snapshot_at(*version.metadata, ms);
    auto view = view_of(table, version, snapshot);
    view.committed_ms = snapshot == nullptr ? 0 : snapshot->at("timestamp-ms").get<std::int64_t>();
    return view;
  });
}

TableView IcebergLake::view_of(const TableName& table, const TableVersion& version,
                               const Json* snapshot) {
  const auto& metadata = *version.metadata;
  TableView view{.name = table,
                 .location = metadata.location(),
                 .metadata_location = version.location,
                 .schema = metadata.known_columns(),
                 .partition_by = metadata.partition_columns(),
                 .unknown_columns = metadata.unknown_columns(),
                 .properties = metadata.properties(),
                 .snapshot_id = {},
                 .committed_ms = metadata.last_updated_ms(),
                 .files = {},
                 .has_changed_columns = metadata.has_changed_columns()};
  if (snapshot == nullptr) return view;
  view.snapshot_id = snapshot->at("snapshot-id").get<std::int64_t>();
  const int execution_id_field = metadata.field_id("execution_id");
  const auto manifests = files_.manifests(*snapshot);
  for (const auto& manifest : *manifests) {
    if (!manifest.has_live_files()) continue;
    require_spec(manifest, metadata);
    const auto live = files_.live_files(manifest, execution_id_field);
    view.files.insert(view.files.end(), live->data.begin(), live->data.end());
    view.has_row_deletes = view.has_row_deletes || live->has_deletes;
  }
  return view;
}

std::vector<SnapshotInfo> IcebergLake::snapshots(const TableName& table) {
  return on_table(table, [&] {
    const auto version = load(table);
    std::vector<SnapshotInfo> infos;
    for (const auto& snapshot : version.metadata->snapshots()) infos.push_back(info_of(snapshot));
    return infos;
  });
}

std::string IcebergLake::data_key(const TableName& table, const PartitionKey& partition) {
  const auto [folder, partition_by] = place_of(table);
  return folder + "/data/" + LakePaths::partition_folder(partition_by, partition) + random_uuid() +
         ".parquet";
}

IcebergLake::Place IcebergLake::place_of(const TableName& table) {
  const auto known = [&]() -> std::optional<Place> {
    const std::lock_guard lock(mutex_);
    const auto it = places_.find(table);
    return it == places_.end() ? std::nullopt : std::optional(it->second);
  };
  if (auto place = known()) return *place;
  on_table(table, [&] { load(table); });
  return *known();
}

std::vector<FileCopy> IcebergLake::copies_of(const TableName& table, std::int64_t snapshot_id,
                                             const PartitionKey& partition) {
  return on_table(table, [&] {
    const auto version = load(table);
    const auto& metadata = *version.metadata;
    const auto* snapshot = metadata.snapshot(snapshot_id);
    if (snapshot == nullptr) throw unknown_snapshot(snapshot_id);
    const int execution_id_field = metadata.field_id("execution_id");
    std::vector<FileCopy> copies;
    const auto manifests = files_.manifests(*snapshot);
    for (const auto& manifest : *manifests) {
      if (!manifest.has_live_files() || !manifest.may_contain(partition)) continue;
      require_spec(manifest, metadata);
      const auto entries = files_.entries(manifest);
      for (const auto& entry : *entries) {
        if (!entry.is_live() || entry.file.partition != partition) continue;
        if (entry.file.content != Content::kData) {
          throw Error(ErrorKind::kUnsupported,
                      "the snapshot " + std::to_string(snapshot_id) +
                          " has delete files of another writer, which finops does not apply");
        }
        copies.push_back({lake_file_of(entry.file, execution_id_field), data_key(table, partition),
                          entry.file.metrics});
      }
    }
    return copies;
  });
}

CommitReport IcebergLake::commit(const std::vector<PartitionChange>& changes) {
  std::map<TableName, std::vector<const PartitionChange*>> by_table;
  for (const auto& change : changes) by_table[change.table].push_back(&change);
  CommitReport report;
  std::map<TableName, TableChange> work;
  for (const auto& [table, of_table] : by_table) {
    work[table] = [&](TableMetadata& next, CommitAttempt& attempt, std::int64_t timestamp) {
      return on_table(table, [&] {
        for (const auto* change : of_table) next.set_properties(change->set_properties);
        SnapshotRewrite rewrite(files_, paths_, next, attempt, timestamp, of_table);
        rewrite.run();
        report.snapshot_ids[table] = rewrite.snapshot_id();
        return true;
      });
    };
  }
  if (work.empty()) return report;
  const auto result = without_json_errors([&] { return committer_.commit(work); });
  report.committed_ms = result.committed_ms;
  report.attempts = result.attempts;
  return report;
}

ExpiryReport IcebergLake::expire_snapshots(const TableName& table, const Retention& retention,
                                           bool dry_run) {
  return on_table(table, [&] {
    if (dry_run) {
      auto next = *load(table).metadata;
      return forget_snapshots(files_, paths_, next, retention);
    }
    ExpiryReport report;
    committer_.commit({{table, [&](TableMetadata& next, CommitAttempt&, std::int64_t) {
                          report = forget_snapshots(files_, paths_, next, retention);
                          return !report.snapshots.empty();
                        }}});
    remove_all(table, report.files);
    return report;
  });
}

/// The commit stands, so each file is tried; the first failure is told at the end.
void IcebergLake::remove_all(const TableName& table, const std::vector<std::string>& uris) {
  std::mutex mutex;
  std::size_t failed = 0;
  std::optional<Error> first;
  for_each_at_once(uris.size(), kRemovalsAtOnce, [&](std::size_t i) {
    try {
      files_.remove(uris[i]);
    } catch (const Error& error) {
      const std::lock_guard lock(mutex);
      ++failed;
      if (!first) first = error;
    }
  });
  if (!first) return;
  throw Error(
      first->kind(),
      "the snapshots of " + table.to_string() + " are expired, but " + std::to_string(failed) +
          " of " + std::to_string(uris.size()) +
          " files that nothing refers to any more could not be removed ('finops lake check' "
          "finds them): " +
          first->what());
}

}  // namespace finops::lake
