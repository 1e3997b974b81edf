#pragma once

#include <string>
#include <string_view>

#include "finops/core/error.h"
#include "finops/net/retry.h"

namespace finops {

/// What an AWS service said when it did not do what was asked.
struct AwsError {
  int status = 0;
  std::string code;     // "AccessDenied"; empty when the answer has no body, as for HEAD
  std::string message;  // AWS's own
  std::string request_id;
  std::string region;  // where the bucket is, when the answer says so

  /// "AccessDenied: not authorized … (HTTP 403, request id 4442587FB7D0A2F9)".
  std::string describe() const;
};

/// Of an answer that is not a success, or that is one with an <Error> in it (CopyObject,
/// CompleteMultipartUpload). Reads S3's XML, the query services' XML and the JSON services' JSON.
AwsError aws_error_of(const HttpResponse& response);

/// True for codes which say that the same request may succeed a little later (SlowDown,
/// RequestTimeout, InternalError, Throttling…), whatever the status.
bool is_transient_aws_answer(const HttpResponse& response);

/// What happened to a request that got no success, as an Error: "<tried>: <what was said><advice>".
/// A missing answer is kUnavailable, or kUnknownOutcome when `changes_something` and it may have
/// been acted upon; credentials and permissions are kPermissionDenied.
Error error_of_failure(const RetriedResponse& result, const std::string& tried,
                       bool changes_something);

}  // namespace finops
