#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/lake/lake.h"

namespace finops::lake {

/// How the URIs in Iceberg's files and the keys of the lake's store say the same place. Other
/// writers name a file below "file:///data/lake" also as "/data/lake/…" or "file:/data/lake/…", and
/// one below "s3://bucket/lake" as "s3a://bucket/lake/…".
class LakePaths {
 public:
  /// kInvalidConfig unless it is file:///absolute/path or scheme://bucket[/path]. A lake that was
  /// moved still names its files below `former_root` ("": it was not): they are looked for here.
  explicit LakePaths(std::string root_uri, std::string former_root = "");

  const std::string& root() const { return root_; }
  std::string uri_of(std::string_view key) const { return root_ + "/" + std::string(key); }
  /// kUnsupported when the file does not lie below the root.
  std::string key_of(const std::string& uri) const;
  bool is_inside(const std::string& uri) const { return find_key(uri).has_value(); }
  /// The same file below the root of today; one that lies elsewhere is kUnsupported.
  std::string moved(const std::string& uri) const { return uri_of(key_of(uri)); }

  /// "billing/aws_billing_data", where a new table goes.
  static std::string table_folder(const TableName& table);
  /// "source=payer%20a/billing_period=2026-05/", as Hive and Iceberg's own writers name folders; ""
  /// without partition columns. For people only: readers take partition values from manifests.
  static std::string partition_folder(const std::vector<std::string>& columns,
                                      const PartitionKey& partition);

 private:
  std::optional<std::string> find_key(const std::string& uri) const;

  std::string root_;                      // without a '/' at its end
  std::vector<std::string> known_roots_;  // in their one spelling, the longest first
};

}  // namespace finops::lake
