#pragma once

#include <map>
#include <string>
#include <string_view>

#include "finops/core/environment.h"

namespace finops {

/// The AWS CLI's files ~/.aws/config and ~/.aws/credentials, as far as credentials need them.
struct AwsProfiles {
  using Settings = std::map<std::string, std::string, std::less<>>;
  std::map<std::string, Settings, std::less<>> profiles;  // both files, the second one's values win
  std::map<std::string, Settings, std::less<>> sso_sessions;
  std::string config_file, credentials_file;  // where they were looked for

  const Settings* find(std::string_view profile) const;
};

/// Reads what exists of them: AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, else below HOME.
/// Throws kInvalidConfig for a file that cannot be read or understood, naming the line.
AwsProfiles read_aws_profiles(const Environment& environment);

/// Empty when it is not there.
std::string setting(const AwsProfiles::Settings& settings, std::string_view name);

/// AWS_PROFILE, AWS_DEFAULT_PROFILE, else "default".
std::string aws_profile_name(const Environment& environment);

}  // namespace finops
