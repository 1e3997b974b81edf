#pragma once

#include <string>
#include <string_view>

#include "finops/core/clock.h"
#include "finops/net/aws/credentials.h"
#include "finops/net/http.h"

namespace finops {

/// What a signature is good for.
struct SigningScope {
  std::string region, service;  // "eu-central-1", "s3"
  /// False for requests that somebody else sends, who takes the headers of the protocol only.
  bool has_content_hash_header = true;
};

/// Signs `request` with AWS Signature Version 4 (the AWS General Reference, "Signing AWS API
/// requests"): adds x-amz-date, x-amz-content-sha256, x-amz-security-token and authorization. All
/// headers that are in the request become part of the signature; none may change afterwards. The
/// URL's path and query have to be percent-encoded as percent_encode() does; for services other
/// than s3 the path is encoded a second time, as they expect.
void sign_request(HttpRequest& request, const AwsCredentials& credentials,
                  const SigningScope& scope, TimePoint now);

/// The URL with a signature in its query, for whoever gets it, for `lifetime` (at most 7 days).
std::string presign_url(std::string_view method, std::string_view url,
                        const AwsCredentials& credentials, const SigningScope& scope, TimePoint now,
                        std::chrono::seconds lifetime);

}  // namespace finops
