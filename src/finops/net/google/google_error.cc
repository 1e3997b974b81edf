#include "finops/net/google/google_error.h"

#include <algorithm>
#include <array>

#include "finops/net/google/json_fields.h"
#include "finops/net/http_failure.h"

namespace finops {
namespace {

using Json = nlohmann::json;

struct Reason {
  std::string_view name;
  ErrorKind kind;
  bool may_pass;  // the same request may succeed a little later, whatever the status
  std::string_view advice;
};

constexpr std::string_view kAskLess =
    "Google asks for fewer requests; run the same command again later";
constexpr std::string_view kQuotaIsUsedUp =
    "a quota is used up, so it was not tried again at once: wait until it is filled again (most "
    "are by the day) or ask Google for a higher one";
constexpr std::string_view kNoPermission = "the roles of these credentials do not allow it";
constexpr std::string_view kApiIsOff = "enable this API in the project";
constexpr std::string_view kLogIn =
    "these credentials are no longer valid: log in again (gcloud auth application-default login), "
    "or, for a service account, check that its key still exists and that this machine's clock is "
    "right";

using enum ErrorKind;

constexpr std::array kReasons = std::to_array<Reason>({
    // BigQuery's "Error messages", and the older APIs' words.
    {"rateLimitExceeded", kUnavailable, true, kAskLess},
    {"userRateLimitExceeded", kUnavailable, true, kAskLess},
    {"jobRateLimitExceeded", kUnavailable, true, kAskLess},
    {"backendError", kUnavailable, true, ""},
    {"internalError", kUnavailable, true, ""},
    // Those of a job are its end: only another job helps.
    {"jobBackendError", kUnavailable, false, ""},
    {"jobInternalError", kUnavailable, false, ""},
    {"tableUnavailable", kUnavailable, false, ""},
    {"timeout", kUnavailable, false, ""},
    {"quotaExceeded", kNoSpace, false, kQuotaIsUsedUp},
    {"dailyLimitExceeded", kNoSpace, false, kQuotaIsUsedUp},
    {"accessDenied", kPermissionDenied, false, kNoPermission},
    {"authError", kPermissionDenied, false, ""},
    {"accessNotConfigured", kPermissionDenied, false, kApiIsOff},
    {"billingNotEnabled", kPermissionDenied, false, "enable billing for the project"},
    {"blocked", kPermissionDenied, false, ""},
    {"invalidUser", kPermissionDenied, false, ""},
    {"notFound", kNotFound, false, ""},
    {"duplicate", kAlreadyExists, false, ""},
    {"alreadyExists", kAlreadyExists, false, ""},
    {"conditionNotMet", kConflict, false, ""},
    {"conflict", kConflict, false, ""},
    {"resourceInUse", kConflict, false, ""},
    {"stopped", kConflict, false, "somebody cancelled the job"},
    {"badRequest", kInvalidData, false, ""},
    {"invalid", kInvalidData, false, ""},
    {"invalidParameter", kInvalidData, false, ""},
    {"invalidQuery", kInvalidData, false, ""},
    {"parseError", kInvalidData, false, ""},
    {"required", kInvalidData, false, ""},
    {"billingTierLimitExceeded", kUnsupported, false, ""},
    {"notImplemented", kUnsupported, false, ""},
    {"resourcesExceeded", kUnsupported, false, ""},
    {"responseTooLarge", kUnsupported, false, ""},
    // google.rpc.ErrorInfo (the list of ErrorReason in googleapis).
    {"RATE_LIMIT_EXCEEDED", kUnavailable, true, kAskLess},
    {"RESOURCE_QUOTA_EXCEEDED", kNoSpace, false, kQuotaIsUsedUp},
    {"SERVICE_DISABLED", kPermissionDenied, false, kApiIsOff},
    {"BILLING_DISABLED", kPermissionDenied, false, "enable billing for the project"},
    {"IAM_PERMISSION_DENIED", kPermissionDenied, false, kNoPermission},
    {"ACCESS_TOKEN_EXPIRED", kPermissionDenied, false, ""},
    {"ACCESS_TOKEN_SCOPE_INSUFFICIENT", kPermissionDenied, false,
     "the token's scopes do not cover it: on Google's machines give the machine the scope "
     "cloud-platform"},
    {"USER_PROJECT_DENIED", kPermissionDenied, false,
     "these credentials may not use the quota project: it takes "
     "roles/serviceusage.serviceUsageConsumer on it"},
    // OAuth (RFC 6749, RFC 8693), and two words of Google's own servers.
    {"invalid_grant", kPermissionDenied, false, kLogIn},
    {"invalid_client", kPermissionDenied, false, kLogIn},
    {"unauthorized_client", kPermissionDenied, false, ""},
    {"access_denied", kPermissionDenied, false, ""},
    {"invalid_target", kPermissionDenied, false,
     "check the audience: the workload identity pool and its provider have to exist and be on"},
    {"invalid_request", kInvalidConfig, false, ""},
    {"invalid_scope", kInvalidConfig, false, ""},
    {"unsupported_grant_type", kInvalidConfig, false, ""},
    {"temporarily_unavailable", kUnavailable, true, ""},
    {"server_error", kUnavailable, true, ""},
    {"internal_failure", kUnavailable, true, ""},
    // google.rpc.Code, for answers that have nothing more exact.
    {"ALREADY_EXISTS", kAlreadyExists, false, ""},
    {"ABORTED", kConflict, false, ""},
    {"UNIMPLEMENTED", kUnsupported, false, ""},
    {"UNAVAILABLE", kUnavailable, true, ""},
});

const Reason* reason_of(std::string_view name) {
  const auto* found = std::ranges::find(kReasons, name, &Reason::name);
  return found == kReasons.end() ? nullptr : found;
}

/// The most exact word that is known; null when none is.
const Reason* reason_of(const GoogleError& error) {
  for (const std::string* name : {&error.reason, &error.detailed_reason, &error.code}) {
    if (const Reason* found = reason_of(*name)) return found;
  }
  return nullptr;
}

ErrorKind kind_of_status(int status) {
  if (status == 401 || status == 403) return kPermissionDenied;
  if (status == 404) return kNotFound;
  if (status == 409 || status == 412) return kConflict;
  if (status == 501) return kUnsupported;
  if (status >= 500 || is_transient_status(status)) return kUnavailable;
  return status == 400 ? kInvalidData : kUnsupported;
}

bool is_quota(const GoogleError& error) {
  const Reason* reason = reason_of(error);
  return reason != nullptr && reason->kind == kNoSpace;
}

void read_details(const Json& details, GoogleError& error) {
  for (const Json& detail : details) {
    if (!text_of(detail, "@type").ends_with("google.rpc.ErrorInfo")) continue;
    error.detailed_reason = text_of(detail, "reason");
    error.domain = text_of(detail, "domain");
    return;
  }
}

void read_api_error(const Json& said, GoogleError& error) {
  error.message = text_of(said, "message");
  error.code = text_of(said, "status");
  if (const auto list = said.find("errors"); list != said.end() && list->is_array()) {
    for (const Json& one : *list) {
      error.reason = text_of(one, "reason");
      error.domain = text_of(one, "domain");
      if (!error.reason.empty()) break;
    }
  }
  if (const auto list = said.find("details"); list != said.end() && list->is_array()) {
    read_details(*list, error);
  }
}

}  // namespace

std::string GoogleError::describe() const {
  std::string text = one_line(reason.empty() ? detailed_reason : reason);
  if (text.empty()) text = code.empty() ? "refused" : one_line(code);
  if (!message.empty()) text += ": " + one_line(message);
  while (text.ends_with('.') || text.ends_with(' ')) text.pop_back();
  text += " (HTTP " + std::to_string(status);
  const std::string& more = detailed_reason.empty() ? code : detailed_reason;
  if (!more.empty() && !text.starts_with(more)) text += ", " + one_line(more);
  return text + ")";
}

GoogleError google_error_of(const HttpResponse& response) {
  GoogleError error;
  error.status = response.status;
  const Json document = Json::parse(response.body, nullptr, false);
  if (!document.is_object()) return error;
  const auto said = document.find("error");
  if (said == document.end()) return error;
  if (said->is_object()) {
    read_api_error(*said, error);
  } else {
    error.reason = text_of(document, "error");
    error.message = text_of(document, "error_description");
  }
  return error;
}

std::optional<ErrorKind> kind_of_google_reason(std::string_view reason) {
  const Reason* found = reason_of(reason);
  return found == nullptr ? std::nullopt : std::optional(found->kind);
}

std::string_view advice_for_google_reason(std::string_view reason) {
  const Reason* found = reason_of(reason);
  return found == nullptr ? "" : found->advice;
}

bool is_transient_google_answer(const HttpResponse& response) {
  const GoogleError error = google_error_of(response);
  if (is_quota(error)) return false;
  if (is_transient_status(response.status)) return true;
  const Reason* reason = reason_of(error);
  return reason != nullptr && reason->may_pass;
}

Error error_of_google_failure(const RetriedResponse& result, const std::string& tried,
                              bool changes_something) {
  if (result.response.failure) return error_of_missing_answer(result, tried, changes_something);
  const GoogleError error = google_error_of(result.response);
  const Reason* reason = reason_of(error);
  std::string text = tried + ": " + error.describe();
  if (!result.gave_up.empty()) text += ", " + result.gave_up;
  if (reason != nullptr && !reason->advice.empty()) text += "; " + std::string(reason->advice);
  ErrorKind kind = reason == nullptr ? kind_of_status(error.status) : reason->kind;
  // A server that fails may have done it all the same.
  if (kind == kUnavailable && changes_something && error.status >= 500) kind = kUnknownOutcome;
  return {kind, text};
}

}  // namespace finops
