#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "finops/core/environment.h"
#include "finops/net/aws/credentials.h"
#include "finops/net/retry.h"

namespace finops {

/// What AWS's Security Token Service needs to be asked.
struct StsAccess {
  RetryingClient& http;
  const Environment& environment;
  std::string region;
  std::stop_token stop;
};

struct RoleToAssume {
  std::string role_arn;
  std::string external_id;              // empty: none
  std::string session_name = "finops";  // shown in CloudTrail
  std::chrono::seconds lifetime = std::chrono::hours(1);
};

/// AssumeRole, signed with `base`. Errors name the role and say what AWS said.
AwsCredentials assume_role(const StsAccess& access, const AwsCredentials& base,
                           const RoleToAssume& role);

/// AssumeRoleWithWebIdentity, with the token in `token_file`.
AwsCredentials assume_role_with_web_identity(const StsAccess& access, const RoleToAssume& role,
                                             const std::string& token_file);

}  // namespace finops
