#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "finops/lake/catalog.h"
#include "finops/lake/committer.h"
#include "finops/lake/lake.h"

namespace finops::lake {

/// Lake in Iceberg's own terms; make_lake() makes one.
class IcebergLake : public Lake {
 public:
  IcebergLake(std::shared_ptr<ObjectStore> store, LakePaths paths, std::shared_ptr<Catalog> catalog,
              Clock& clock);

  void ensure_table(const TableName& table, const TableDefinition& definition) override;
  TableView add_columns(const TableName& table, const std::vector<Column>& columns,
                        const std::map<std::string, std::string>& set_properties) override;
  std::vector<TableName> tables() override;
  bool has_table(const TableName& table) override;
  TableView view(const TableName& table, std::optional<std::int64_t> snapshot_id) override;
  TableView view_as_of(const TableName& table, std::int64_t ms) override;
  std::vector<SnapshotInfo> snapshots(const TableName& table) override;
  std::string data_key(const TableName& table, const PartitionKey& partition) override;
  std::string key_of(const std::string& uri) const override { return paths_.key_of(uri); }
  std::vector<FileCopy> copies_of(const TableName& table, std::int64_t snapshot_id,
                                  const PartitionKey& partition) override;
  ObjectStore& store() override { return *store_; }
  CommitReport commit(const std::vector<PartitionChange>& changes) override;
  ExpiryReport expire_snapshots(const TableName& table, const Retention& retention,
                                bool dry_run) override;

 private:
  /// Where a table's data files go.
  struct Place {
    std::string folder;  // a key
    std::vector<std::string> partition_by;
  };

  TableVersion load(const TableName& table);
  TableView view_of(const TableName& table, const TableVersion& version, const Json* snapshot);
  Place place_of(const TableName& table);
  void remove_all(const TableName& table, const std::vector<std::string>& uris);

  const std::shared_ptr<ObjectStore> store_;
  const std::shared_ptr<Catalog> catalog_;
  const LakePaths paths_;
  TableFiles files_;
  Committer committer_;
  std::mutex mutex_;
  std::map<TableName, Place> places_;  // of the tables seen so far
};

}  // namespace finops::lake
