#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "finops/app/aws_connections.h"
#include "finops/config/configuration.h"
#include "finops/core/clock.h"
#include "finops/jobs/copy_job.h"
#include "finops/net/google/credentials.h"

namespace finops {

/// What providers of Google's tokens need, over the command's connections.
GoogleSession google_session(const AwsConnections& aws, Clock& clock);

/// Of a section with these keys: the credentials of `path`, or the default ones; none for an
/// emulator without `path`. `section` is for messages. Throws kInvalidConfig where tokens would
/// go over a network in clear text.
std::shared_ptr<GoogleCredentialProvider> google_credentials(const GoogleSession& session,
                                                             const std::string& path,
                                                             const std::string& endpoint_url,
                                                             const std::string& section);

/// How the service's jobs copy tables of BigQuery. It outlives what means() gives. Safe to use
/// from any thread.
class CopyConnections {
 public:
  CopyConnections(const ServiceConfig& configured, const AwsConnections& aws, Clock& clock);

  jobs::CopyMeans means();

 private:
  std::unique_ptr<TableCopier> copier(const jobs::CopyOrder& order, std::stop_token stop);
  /// Null where the order reads as nobody else.
  std::shared_ptr<GoogleCredentialProvider> reader(const std::string& account);

  const ServiceConfig& configured_;
  const AwsConnections& aws_;
  Clock& clock_;
  const GoogleSession session_;
  const std::shared_ptr<GoogleCredentialProvider> writer_;
  std::mutex mutex_;  // of readers_, whose tokens last for several jobs
  std::map<std::string, std::shared_ptr<GoogleCredentialProvider>> readers_;
};

}  // namespace finops
