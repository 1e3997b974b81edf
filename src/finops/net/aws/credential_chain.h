#pragma once

#include <memory>
#include <string>

#include "finops/core/environment.h"
#include "finops/net/aws/credentials.h"
#include "finops/net/aws/sts.h"
#include "finops/net/http.h"
#include "finops/net/retry.h"

namespace finops {

/// What every provider of credentials needs.
struct AwsSession {
  std::shared_ptr<HttpClient> http;
  std::shared_ptr<RetryBudget> budget;
  Environment environment;
  Clock& clock;
  std::string region;  // of STS; empty: AWS_REGION, the profile's, else us-east-1
};

/// Keys that the configuration gives. `origin` says where: "aws_access_key_id of the
/// configuration".
std::shared_ptr<AwsCredentialProvider> given_credentials(AwsCredentials credentials,
                                                         std::string origin);

/// The usual chain, in the order of the AWS CLI: environment, web identity, profile (keys, role,
/// SSO, credential_process), container, instance. The first place that is there decides; what it
/// says when it gives nothing is the error.
std::shared_ptr<AwsCredentialProvider> credential_chain(AwsSession session);

/// A role, assumed with what `base` gives, and again before it expires.
std::shared_ptr<AwsCredentialProvider> assumed_role(AwsSession session,
                                                    std::shared_ptr<AwsCredentialProvider> base,
                                                    RoleToAssume role);

/// `given`, else AWS_REGION, AWS_DEFAULT_REGION, the profile's `region`; may be empty.
std::string aws_region(const Environment& environment, const std::string& given);

}  // namespace finops
