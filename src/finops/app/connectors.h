#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "finops/app/aws_connections.h"
#include "finops/config/configuration.h"
#include "finops/core/clock.h"
#include "finops/lake/catalog.h"
#include "finops/lake/lake.h"
#include "finops/pipeline/pipeline.h"

namespace finops {

/// The lists of what can be configured, and nothing else: which stores, catalogs and sources there
/// are, and what each is made from. A new connector is one line here.

/// Where deliveries are read: from where they are delivered, or only what lies on this machine, in
/// folders and in the staging area.
enum class ReadFrom { kBucket, kThisMachine };

/// Every configured export, ready to be read. One that cannot be (its folder is missing, its kind
/// is not there yet) fails when it is looked at, so that it stops no other.
std::vector<PipelineExport> make_exports(const Configuration& configuration,
                                         const AwsConnections& aws,
                                         ReadFrom place = ReadFrom::kBucket);

/// The URI of a folder as people write it; one that is a URI already stays.
std::string root_uri_of(const std::string& place);

/// A lake and the catalog that says what its current state is.
struct OpenLake {
  std::shared_ptr<lake::Catalog> catalog;
  std::shared_ptr<ObjectStore> store;
  std::string root_uri;  // of the keys of `store`
  std::unique_ptr<lake::Lake> tables;
  std::function<RemoteAccess()> remote;  // of a lake in a bucket, for DuckDB
};

/// The lake of the configuration, in a folder or in a bucket. Touches nothing before it is used;
/// uses `aws` as long as it lives.
OpenLake open_lake(const Configuration& configuration, const AwsConnections& aws, Clock& clock);

}  // namespace finops
