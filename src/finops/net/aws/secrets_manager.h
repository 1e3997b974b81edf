#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "finops/net/aws/credential_chain.h"
#include "finops/net/aws/credentials.h"
#include "finops/net/retry.h"

namespace finops {

/// Secrets of AWS Secrets Manager: GetSecretValue, by the ARN, in any region. Each is asked for
/// once and then kept as long as this object lives. Safe to call from any thread.
class SecretsManager {
 public:
  /// The session's region plays no part: a secret's is in its ARN.
  SecretsManager(const AwsSession& session, std::shared_ptr<AwsCredentialProvider> credentials);

  /// The text of the secret `arn`, without a line end at its end; with `key` the text of that
  /// member of the JSON object that the secret is. Throws kNotFound, kPermissionDenied,
  /// kUnavailable with what AWS said, and kInvalidConfig when the secret is not of the form that is
  /// asked for. Nothing of a secret is in any message.
  std::string value(const std::string& arn, const std::string& region, const std::string& key,
                    std::stop_token stop);

 private:
  std::string fetch(const std::string& arn, const std::string& region, std::stop_token stop);

  const Environment environment_;
  RetryingClient http_;
  const std::shared_ptr<AwsCredentialProvider> credentials_;
  std::mutex mutex_;
  std::map<std::string, std::string> known_;  // by ARN
};

}  // namespace finops
