#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/config/aws_access.h"
#include "finops/config/config_reading.h"
#include "finops/config/known_keys.h"
#include "finops/config/secret.h"
#include "finops/config/service_config.h"
#include "finops/config/setting.h"
#include "finops/core/decimal.h"
#include "finops/core/environment.h"

namespace finops {

enum class CatalogType { kSqlite, kRest, kGlue };
enum class CurVersion { kV1, kV2 };

std::string_view to_string(CatalogType type);
std::string_view to_string(CurVersion version);

struct CatalogConfig {
  CatalogType type = CatalogType::kSqlite;
  std::string uri;  // kSqlite: the path of the file
  std::string name;
};

struct BigQueryConfig {
  std::string project_id, dataset_id, table_id;
  std::string credentials_path;      // empty: application default credentials
  std::string impersonated_account;  // empty: nobody
  std::string location;              // of a dataset that has to be made
  std::string endpoint_url;          // empty: Google's
};

/// A bucket, or what lies below a prefix in it.
struct BucketPlace {
  std::string bucket;
  std::string prefix;  // without '/' at either end; may be empty
};

struct LakeConfig {
  int keep_days = 0;
  int keep_versions = 0;
  AwsAccess access;        // of a lake in a bucket
  std::string kms_key_id;  // of its objects; empty: the bucket's own default
};

/// A delivery is refused when its share of bad rows is above threshold_rows and there are more than
/// threshold_min_rows of them, or when their share of the absolute cost is above threshold_cost.
struct QuarantineConfig {
  Decimal threshold_rows, threshold_cost;  // from 0 to 1
  std::int64_t threshold_min_rows = 0;
};

/// Mails of runs that fail and recover.
struct EmailConfig {
  std::string smtp_url;  // begins with smtp:// or smtps://
  bool may_be_plain = false;
  Secret user, password;        // both set, or none
  std::string from;             // a mail address
  std::vector<std::string> to;  // at least one
};

/// Who is told of runs that fail and recover.
struct NotifyConfig {
  Secret webhook_url;  // not set: no webhook
  std::optional<EmailConfig> email;

  bool is_set() const { return webhook_url.is_set() || email.has_value(); }
};

/// One export of AWS, the defaults of [aws] applied.
struct AwsExport {
  std::string name;  // the `source`
  std::string table;
  std::string bucket;                 // as written
  std::optional<std::string> folder;  // the absolute path when bucket is a file:// URL
  std::string prefix;                 // without '/' at either end; may be empty
  std::string export_name;
  std::optional<CurVersion> cur_version;  // nothing: found out from the manifests
  AwsAccess access;
  bool requester_pays = false;
  bool keep_staging = true;
  std::chrono::seconds max_age{};
  int closed_after_days = 0;
  bool allow_overlap = false;
};

/// A value in force, for people to read.
struct EffectiveValue {
  std::string key;  // "aws.bucket", "aws.exports[0].bucket"
  ValueType type;
  std::string text;  // a secret only says where it comes from
  Origin origin;
};

/// What this run goes by: checked as a whole. Paths are as written, so relative to the current
/// folder.
struct Configuration {
  std::string file;  // empty: none was read
  std::string data_dir, staging_dir, parquet_dir;
  std::string lake_dir;                    // a path or an s3:// URL
  std::optional<BucketPlace> lake_bucket;  // what the URL says
  std::uint64_t memory_limit = 0;
  CatalogConfig catalog;
  std::string duckdb_path;
  std::optional<BigQueryConfig> bigquery;
  LakeConfig lake;
  QuarantineConfig quarantine;
  NotifyConfig notify;
  ServiceConfig service;
  std::vector<AwsExport> exports;  // names are unique
  AwsExport aws;  // what [aws] says of buckets that no export names; without a place and names
  std::vector<EffectiveValue> values;  // every key, in the order of the file
};

struct ConfigSources {
  std::string file;  // of --config; empty: CONFIG_PATH, else ./config.toml when there is one
  Environment environment;
  std::vector<FlagSetting> flags;
};

/// Precedence: flag, environment, file, default. An export's own value stands before the one of
/// [aws], except when that is a flag's. Throws kInvalidConfig with every mistake and its position,
/// and for a file that was named and cannot be read.
Configuration load_configuration(const ConfigSources& sources);

/// The export of that name. Throws kInvalidConfig naming those that there are.
const AwsExport& find_export(const Configuration& configuration, std::string_view name);

}  // namespace finops
