#pragma once

#include <memory>
#include <stop_token>

#include "finops/config/configuration.h"
#include "finops/core/clock.h"
#include "finops/core/environment.h"
#include "finops/net/aws/credential_chain.h"
#include "finops/stores/object_store.h"

namespace finops {

/// Connections to AWS of one command: they share the HTTP connections, the retry budget and the
/// environment. Nothing is sent before a store is used.
class AwsConnections {
 public:
  AwsConnections(Environment environment, Clock& clock, std::stop_token stop);

  /// The bucket that an export is delivered to, read with its keys, its role or the usual chain.
  std::shared_ptr<ObjectStore> bucket(const AwsExport& configured) const;

 private:
  AwsSession session(const std::string& region) const;
  std::shared_ptr<AwsCredentialProvider> credentials(const AwsExport& configured) const;

  const Environment environment_;
  Clock& clock_;
  const std::stop_token stop_;
  const std::shared_ptr<HttpClient> http_;
  const std::shared_ptr<RetryBudget> budget_;
};

}  // namespace finops
