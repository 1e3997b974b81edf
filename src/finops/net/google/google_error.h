#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "finops/core/error.h"
#include "finops/net/retry.h"

namespace finops {

/// What a service of Google said when it did not do what was asked.
struct GoogleError {
  int status = 0;
  /// The API's word, or OAuth's: "rateLimitExceeded", "accessDenied", "invalid_grant".
  std::string reason;
  /// The word of google.rpc.ErrorInfo, which newer APIs give beside or instead of the first
  /// (AIP-193): "RATE_LIMIT_EXCEEDED", "SERVICE_DISABLED", with whose word it is.
  std::string detailed_reason, domain;
  std::string code;  // google.rpc.Code: "PERMISSION_DENIED"; empty for older APIs
  std::string message;

  /// "accessDenied: User does not have … (HTTP 403, PERMISSION_DENIED)".
  std::string describe() const;
};

/// Of an answer that is not a success. Reads the APIs' {"error": {…}} and OAuth's {"error": "…"}.
GoogleError google_error_of(const HttpResponse& response);

/// How the reasons of BigQuery ("Error messages" of its documentation), of the other APIs and of
/// OAuth are to be taken; also for those in a job's errorResult. Nothing for an unknown one.
/// quotaExceeded is kNoSpace, not kUnavailable: the quota is filled again by time or by people,
/// not by asking again.
std::optional<ErrorKind> kind_of_google_reason(std::string_view reason);

/// What to do about a reason, for the end of a message; empty where nothing is to be said.
std::string_view advice_for_google_reason(std::string_view reason);

/// True when the same request may succeed a little later: a status that says so, and 403
/// rateLimitExceeded, but never quotaExceeded, whatever its status.
bool is_transient_google_answer(const HttpResponse& response);

/// What happened to a request that got no success, as an Error: "<tried>: <what was said><advice>".
/// A missing answer and 5xx are kUnavailable, or kUnknownOutcome when `changes_something` and it
/// may have been acted upon.
Error error_of_google_failure(const RetriedResponse& result, const std::string& tried,
                              bool changes_something);

}  // namespace finops
