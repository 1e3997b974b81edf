#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "finops/config/secret.h"

namespace finops {

class SettingReader;

enum class AddressingStyle { kAuto, kPath, kVirtual };

/// How a bucket is reached, and as whom; empty: the usual AWS chain, AWS itself.
struct AwsAccess {
  Secret aws_access_key_id, aws_secret_access_key, aws_session_token;
  std::string region, endpoint_url, role_arn, external_id;
  AddressingStyle addressing_style = AddressingStyle::kAuto;
  std::chrono::seconds read_timeout{};  // from 1 second to 5 minutes
};

/// Reads the keys of AwsAccess in a section ("aws", "lake"), and tells what is wrong with them.
AwsAccess read_aws_access(SettingReader& reader, std::string_view section);

/// Keys that belong together: a place that has one of them takes none from anywhere else.
inline constexpr std::array<std::string_view, 3> kCredentialNames = {
    "aws_access_key_id", "aws_secret_access_key", "aws_session_token"};
bool is_credential_name(std::string_view name);

}  // namespace finops
