#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "finops/config/configuration.h"
#include "finops/core/clock.h"
#include "finops/core/environment.h"
#include "finops/engines/duckdb/remote_access.h"
#include "finops/net/aws/credential_chain.h"
#include "finops/net/aws/secrets_manager.h"
#include "finops/stores/object_store.h"
#include "finops/stores/s3/s3_store.h"

namespace finops {

/// Connections to AWS of one command: they share the HTTP connections, the budgets and the
/// environment. Nothing is sent before a store is used.
class AwsConnections {
 public:
  AwsConnections(Environment environment, Clock& clock, std::stop_token stop);

  /// The bucket that an export is delivered to, read with its keys, its role or the usual chain.
  std::shared_ptr<ObjectStore> bucket(const AwsExport& configured) const;

  /// A bucket that no export names, reached as [aws] says.
  std::shared_ptr<ObjectStore> bucket(const Configuration& configuration,
                                      const std::string& name) const;

  /// What lies below an s3:// lake_dir.
  std::shared_ptr<ObjectStore> lake(const Configuration& configuration) const;
  /// The same for DuckDB, with credentials that are valid now.
  RemoteAccess lake_access(const Configuration& configuration) const;

  /// The value of a secret of the configuration. What it takes from AWS Secrets Manager is asked
  /// for with the usual chain, and once.
  std::string value_of(const Secret& secret) const;

  const std::shared_ptr<HttpClient>& http() const { return http_; }
  const std::shared_ptr<RetryBudget>& budget() const { return budget_; }
  /// PEM, of the environment; empty: the system's certificates.
  const std::string& ca_file() const { return ca_file_; }

  /// Requests that were sent again so far.
  std::uint64_t retries() const { return budget_->taken(); }

 private:
  AwsSession session(const std::string& region) const;
  std::shared_ptr<AwsCredentialProvider> credentials(const AwsAccess& access,
                                                     const std::string& whose) const;
  std::shared_ptr<ObjectStore> open(S3Options options, const AwsAccess& access,
                                    const std::string& whose) const;

  const Environment environment_;
  Clock& clock_;
  const std::stop_token stop_;
  const std::string ca_file_;
  const std::shared_ptr<HttpClient> http_;
  const std::shared_ptr<RetryBudget> budget_;
  const std::shared_ptr<TransferBudget> transfers_;
  const std::unique_ptr<SecretsManager> secrets_;
};

}  // namespace finops
