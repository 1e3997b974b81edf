#include "finops/app/connectors.h"

#include <filesystem>
#include <string>
#include <utility>

#include "finops/core/error.h"
#include "finops/lake/faulty_catalog.h"
#include "finops/lake/make_lake.h"
#include "finops/lake/sqlite/sqlite_catalog.h"
#include "finops/pipeline/staged_bucket.h"
#include "finops/sources/aws_cur/aws_cur_source.h"
#include "finops/sources/aws_cur/column_dictionary.h"
#include "finops/stores/fault_plan.h"
#include "finops/stores/faulty/faulty_store.h"
#include "finops/stores/local/local_store.h"

namespace finops {
namespace {

namespace fs = std::filesystem;

/// Stands for an export that cannot be opened: whoever looks at it learns why.
class UnreadableSource : public BillingSource {
 public:
  explicit UnreadableSource(const Error& why) : kind_(why.kind()), message_(why.what()) {}
  FoundManifests discover(const PeriodRange&) override { throw Error(kind_, message_); }
  bool is_unchanged(const Delivery&) override { throw Error(kind_, message_); }

 private:
  ErrorKind kind_;
  std::string message_;
};

/// An export of which nothing is on this machine: there is nothing to do.
class NothingStaged : public BillingSource {
 public:
  FoundManifests discover(const PeriodRange&) override {
    return {.notes = {"nothing is staged; 'finops aws extract-billing' downloads deliveries"}};
  }
  bool is_unchanged(const Delivery&) override { return false; }
};

std::shared_ptr<ObjectStore> make_bucket(const AwsExport& configured,
                                         const Configuration& configuration,
                                         const AwsConnections& aws, ReadFrom place) {
  if (configured.folder) return make_local_store(*configured.folder, {.must_exist = true});
  if (place == ReadFrom::kThisMachine) {
    return open_staged_bucket(configuration.staging_dir, configured.name);
  }
  return aws.bucket(configured);
}

std::shared_ptr<BillingSource> make_source(const AwsExport& configured,
                                           std::shared_ptr<ObjectStore> bucket) {
  AwsCurOptions options{.prefix = configured.prefix, .export_name = configured.export_name};
  if (configured.cur_version) {
    options.cur_version =
        *configured.cur_version == CurVersion::kV1 ? CurLayout::kV1 : CurLayout::kV2;
  }
  return make_aws_cur_source(std::move(bucket), std::move(options));
}

PipelineExport make_export(const AwsExport& configured, const Configuration& configuration,
                           const AwsConnections& aws, ReadFrom place) {
  PipelineExport made;
  made.name = configured.name;
  made.table = configured.table;
  made.location = (configured.folder ? "" : "s3://") + configured.bucket +
                  (configured.prefix.empty() ? "" : "/" + configured.prefix) + "/" +
                  configured.export_name;
  made.is_remote = !configured.folder && place == ReadFrom::kBucket;
  made.keep_staging = configured.keep_staging;
  made.closed_after_days = configured.closed_after_days;
  made.allow_overlap = configured.allow_overlap;
  // What lies on this machine says nothing of what the provider delivers.
  if (place == ReadFrom::kBucket) made.max_age = configured.max_age;
  try {
    made.bucket = make_bucket(configured, configuration, aws, place);
    const bool is_staged = !configured.folder && place == ReadFrom::kThisMachine;
    if (is_staged && made.bucket->list("").empty()) {
      made.source = std::make_shared<NothingStaged>();
    } else {
      made.source = make_source(configured, made.bucket);
    }
  } catch (const Error& why) {
    made.source = std::make_shared<UnreadableSource>(why);
  }
  return made;
}

fs::path normal_path(const std::string& folder) { return fs::absolute(folder).lexically_normal(); }

struct LakeRoot {
  std::string uri;
  std::shared_ptr<ObjectStore> store;
};

LakeRoot lake_root(const Configuration& configuration, const AwsConnections& aws) {
  if (configuration.lake_bucket) return {configuration.lake_dir, aws.lake(configuration)};
  const fs::path root = normal_path(configuration.lake_dir);
  return {root_uri_of(root.string()), make_local_store(root)};
}

}  // namespace

std::vector<PipelineExport> make_exports(const Configuration& configuration,
                                         const AwsConnections& aws, ReadFrom place) {
  std::vector<PipelineExport> exports;
  for (const auto& configured : configuration.exports) {
    exports.push_back(make_export(configured, configuration, aws, place));
  }
  return exports;
}

std::string root_uri_of(const std::string& place) {
  if (place.find("://") != std::string::npos) return place;
  return "file://" + normal_path(place).string();
}

OpenLake open_lake(const Configuration& configuration, const AwsConnections& aws, Clock& clock) {
  if (configuration.catalog.type != CatalogType::kSqlite) {
    throw Error(ErrorKind::kUnsupported,
                "catalog type '" + std::string(to_string(configuration.catalog.type)) +
                    "' comes with a later version of finops; use type = \"sqlite\"");
  }
  const auto faults = FaultPlan::from_environment();
  LakeRoot root = lake_root(configuration, aws);
  std::shared_ptr<ObjectStore> store = with_faults(std::move(root.store), faults);
  std::shared_ptr<lake::Catalog> catalog = lake::with_faults(
      lake::make_sqlite_catalog(configuration.catalog.uri, configuration.catalog.name), faults);
  OpenLake open;
  open.catalog = catalog;
  if (configuration.lake_bucket) {
    open.remote = [&aws, &configuration] { return aws.lake_access(configuration); };
  }
  open.store = store;
  open.root_uri = root.uri;
  open.tables = lake::make_lake(std::move(store), root.uri, std::move(catalog), clock);
  return open;
}

}  // namespace finops
