#include "finops/pipeline/partition_history.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "finops/pipeline/quarantine_writer.h"

namespace finops {
namespace {

using Copies = std::vector<lake::FileCopy>;

lake::PartitionKey partition_of(const DeliveryRecord& record) {
  return {record.id.source, record.id.partition};
}

/// Out of the newest snapshot in which the partition has what is looked for; `first` is looked at
/// before all others.
Copies newest_with(lake::Lake& lake, const lake::TableName& table, const DeliveryRecord& record,
                   std::optional<std::int64_t> first, const std::function<bool(Copies&)>& is_it) {
  std::vector<std::int64_t> ids;
  if (lake.has_table(table)) {
    for (const auto& snapshot : lake.snapshots(table)) ids.push_back(snapshot.id);
  }
  std::ranges::reverse(ids);
  if (first) std::ranges::stable_partition(ids, [&](std::int64_t id) { return id == *first; });
  for (const auto id : ids) {
    Copies copies = lake.copies_of(table, id, partition_of(record));
    if (is_it(copies)) return copies;
  }
  throw Error(ErrorKind::kNotFound,
              "the snapshots of " + table.to_string() + " that held the delivery " +
                  record.id.version +
                  " have expired (lake.keep_days, lake.keep_versions), so its files are gone");
}

}  // namespace

bool had_manifest(const DeliveryRecord& record) {
  return record.manifest_key.find("://") == std::string::npos;
}

std::vector<std::string> live_files(lake::Lake& lake, const lake::TableName& table,
                                    const lake::PartitionKey& partition) {
  std::vector<std::string> uris;
  if (!lake.has_table(table)) return uris;
  for (const auto& file : lake.view(table).files) {
    if (file.partition == partition) uris.push_back(file.uri);
  }
  return uris;
}

Copies data_files_of(lake::Lake& lake, const DeliveryRecord& record, const Receipt& receipt) {
  if (receipt.data_files.empty()) return {};
  std::set<std::string> wanted;
  for (const auto& file : receipt.data_files) wanted.insert(file.key);
  return newest_with(lake, {"billing", record.id.table}, record, receipt.snapshot_id,
                     [&](Copies& copies) {
                       std::set<std::string> found;
                       for (const auto& copy : copies) found.insert(lake.key_of(copy.from.uri));
                       return found == wanted;
                     });
}

Copies quarantine_files_of(lake::Lake& lake, const DeliveryRecord& record) {
  if (record.quarantined_rows == 0) return {};
  return newest_with(lake, quarantine_table(record.id.table), record, std::nullopt,
                     [&](Copies& copies) {
                       std::int64_t rows = 0;
                       std::erase_if(copies, [&](const lake::FileCopy& copy) {
                         return copy.from.execution_id != record.id.version;
                       });
                       for (const auto& copy : copies) rows += copy.from.rows;
                       return rows == static_cast<std::int64_t>(record.quarantined_rows);
                     });
}

Error with_ways_back(const Error& gone, const DeliveryRecord& record) {
  const std::string way =
      had_manifest(record)
          ? "from its bucket or the staging folder, with `finops aws run-pipeline` or `finops aws "
            "load-billing-local` and its manifest in place ('" +
                record.manifest_key + "')"
          : "with `finops load " + record.manifest_key + " --source " + record.id.source +
                "`, as long as its files are there";
  return {gone.kind(),
          std::string(gone.what()) + ". It can be loaded again where it was delivered: " + way};
}

const DeliveryRecord& find_version(const std::vector<DeliveryRecord>& records,
                                   const std::string& version) {
  std::map<std::string, const DeliveryRecord*> last_revisions;
  std::string known;
  for (const auto& record : records) {
    if (last_revisions.insert_or_assign(record.id.version, &record).second) {
      known += (known.empty() ? "" : ", ") + record.id.version;
    }
  }
  if (const auto it = last_revisions.find(version); it != last_revisions.end()) return *it->second;
  std::erase_if(last_revisions, [&](const auto& item) { return !item.first.starts_with(version); });
  if (last_revisions.size() == 1) return *last_revisions.begin()->second;
  if (last_revisions.empty()) {
    throw Error(ErrorKind::kNotFound,
                "no delivery is called '" + version + "'; there are " + known);
  }
  throw Error(ErrorKind::kUsage, "'" + version + "' begins both " + last_revisions.begin()->first +
                                     " and " + last_revisions.rbegin()->first +
                                     "; give more of it");
}

}  // namespace finops
