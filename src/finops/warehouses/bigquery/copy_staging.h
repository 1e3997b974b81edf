#pragma once

#include <string>

#include "finops/warehouses/bigquery/bigquery_client.h"

namespace finops::bigquery {

/// The beginning of the names of all tables where rows wait to be published in `destination`.
std::string staging_prefix(const TableRef& destination);

/// A table beside the copy, with its columns and partitions: made by the constructor, removed by
/// the destructor, and by BigQuery a day later where a process was killed.
class CopyStaging {
 public:
  /// `copy`: the copy's resource.
  CopyStaging(Client& client, const TableRef& destination, const Json& copy);
  ~CopyStaging();
  CopyStaging(const CopyStaging&) = delete;
  CopyStaging& operator=(const CopyStaging&) = delete;

  const TableRef& table() const { return table_; }
  /// With which the table was made: schema, partitions, clusters.
  const Json& resource() const { return resource_; }

 private:
  Client& client_;
  TableRef table_;
  Json resource_;
};

}  // namespace finops::bigquery
