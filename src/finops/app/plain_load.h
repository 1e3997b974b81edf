#pragma once

#include <string>

#include "finops/app/aws_connections.h"
#include "finops/cli/services.h"
#include "finops/config/configuration.h"
#include "finops/pipeline/pipeline.h"

namespace finops {

/// What `finops load` reads, as an export of which nothing is configured: a bucket is reached as
/// [aws] says. Throws kUsage for a request that is no sense, kNotFound when there is no such
/// folder.
PipelineExport make_plain_export(const Configuration& configuration, const AwsConnections& aws,
                                 const LoadRequest& request);

/// The place of files that were loaded so, by the URI that the ledger keeps. kNotFound when there
/// is no such folder any more.
DeliveredPlace open_place(const Configuration& configuration, const AwsConnections& aws,
                          const std::string& uri);

}  // namespace finops
