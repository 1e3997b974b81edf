#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "finops/core/environment.h"
#include "finops/net/aws/credentials.h"
#include "finops/net/aws/profile_files.h"
#include "finops/net/retry.h"

namespace finops {

/// What the links of the credential chain ask with. `patient` repeats requests as usual; `hasty` is
/// for addresses that may not exist on this machine and does not.
struct CredentialAccess {
  RetryingClient& patient;
  RetryingClient& hasty;
  const Environment& environment;
  std::string region;
  std::stop_token stop;
};

// One place each. They throw Error where the place is there and does not give credentials, and
// return nothing, where they say so, when it is not there.

/// Runs `command` with /bin/sh and reads the JSON that it prints (the AWS CLI's credential_process,
/// version 1).
AwsCredentials credentials_of_process(const std::string& command, const CredentialAccess& access);

/// IAM Identity Center: exchanges the token that `aws sso login` left in ~/.aws/sso/cache.
AwsCredentials credentials_of_sso(const AwsProfiles::Settings& profile, const AwsProfiles& profiles,
                                  const CredentialAccess& access);

/// ECS, EKS Pod Identity and others: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI. Nothing
/// when neither is set.
std::optional<AwsCredentials> credentials_of_container(const CredentialAccess& access);

/// EC2's instance metadata, version 2. When there is none, nothing, and `why_not` says what
/// happened.
std::optional<AwsCredentials> credentials_of_instance(const CredentialAccess& access,
                                                      std::string& why_not);

}  // namespace finops
