#pragma once

#include <string>

#include "finops/net/google/credential_file.h"
#include "finops/net/google/token_sources.h"

namespace finops {

/// Who this program is at AWS, for Google to find out: a GetCallerIdentity request for `audience`,
/// signed with what the usual AWS chain gives and not sent, as the percent-encoded JSON that
/// Google's Security Token Service takes (AIP-4117).
std::string aws_subject_token(const AwsSubject& subject, const std::string& audience,
                              const GoogleAccess& access);

}  // namespace finops
