#include "finops/net/google/google_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_http.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string old_body(const std::string& reason, const std::string& message = "said") {
  return R"({"error": {"code": 1, "message": ")" + message +
         R"(", "errors": [{"domain": "global", "reason": ")" + reason + R"(", "message": "x"}]}})";
}

std::string new_body(const std::string& code, const std::string& reason) {
  return R"({"error": {"code": 1, "message": "said", "status": ")" + code +
         R"(", "details": [{"@type": "type.googleapis.com/google.rpc.Help"},
             {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": ")" +
         reason + R"(", "domain": "googleapis.com"}]}})";
}

std::string oauth_body(const std::string& error) {
  return R"({"error": ")" + error + R"(", "error_description": "said"})";
}

Error error_of(int status, const std::string& body, bool changes_something = false) {
  RetriedResponse result;
  result.response = answer(status, body);
  return error_of_google_failure(result, "insert the job j1", changes_something);
}

struct Case {
  int status;
  std::string body;
  ErrorKind kind;
  bool is_repeated;
};

TEST(GoogleErrorTest, WhatAnAnswerMeansIsToldByItsReasonFirst) {
  const std::vector<Case> cases = {
      {403, old_body("rateLimitExceeded"), ErrorKind::kUnavailable, true},
      {403, old_body("userRateLimitExceeded"), ErrorKind::kUnavailable, true},
      {400, old_body("jobRateLimitExceeded"), ErrorKind::kUnavailable, true},
      {503, old_body("backendError"), ErrorKind::kUnavailable, true},
      {500, old_body("internalError"), ErrorKind::kUnavailable, true},
      {400, old_body("jobBackendError"), ErrorKind::kUnavailable, false},
      {403, old_body("quotaExceeded"), ErrorKind::kNoSpace, false},
      {429, old_body("quotaExceeded"), ErrorKind::kNoSpace, false},
      {403, old_body("accessDenied"), ErrorKind::kPermissionDenied, false},
      {403, old_body("billingNotEnabled"), ErrorKind::kPermissionDenied, false},
      {401, old_body("authError"), ErrorKind::kPermissionDenied, false},
      {404, old_body("notFound"), ErrorKind::kNotFound, false},
      {409, old_body("duplicate"), ErrorKind::kAlreadyExists, false},
      {412, old_body("conditionNotMet"), ErrorKind::kConflict, false},
      {400, old_body("resourceInUse"), ErrorKind::kConflict, false},
      {400, old_body("invalid"), ErrorKind::kInvalidData, false},
      {400, old_body("invalidQuery"), ErrorKind::kInvalidData, false},
      {400, old_body("resourcesExceeded"), ErrorKind::kUnsupported, false},
      {403, old_body("responseTooLarge"), ErrorKind::kUnsupported, false},
      {501, old_body("notImplemented"), ErrorKind::kUnsupported, false},
      {429, new_body("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"), ErrorKind::kUnavailable, true},
      {403, new_body("PERMISSION_DENIED", "RATE_LIMIT_EXCEEDED"), ErrorKind::kUnavailable, true},
      {403, new_body("PERMISSION_DENIED", "SERVICE_DISABLED"), ErrorKind::kPermissionDenied, false},
      {403, new_body("PERMISSION_DENIED", "NEW_WORD"), ErrorKind::kPermissionDenied, false},
      {409, new_body("ALREADY_EXISTS", ""), ErrorKind::kAlreadyExists, false},
      {409, new_body("ABORTED", ""), ErrorKind::kConflict, false},
      {400, new_body("INVALID_ARGUMENT", ""), ErrorKind::kInvalidData, false},
      {400, oauth_body("invalid_grant"), ErrorKind::kPermissionDenied, false},
      {401, oauth_body("invalid_client"), ErrorKind::kPermissionDenied, false},
      {400, oauth_body("invalid_target"), ErrorKind::kPermissionDenied, false},
      {400, oauth_body("invalid_scope"), ErrorKind::kInvalidConfig, false},
      {400, oauth_body("temporarily_unavailable"), ErrorKind::kUnavailable, true},
      {402, "", ErrorKind::kUnsupported, false},
      {400, "<html>", ErrorKind::kInvalidData, false},
      {401, "", ErrorKind::kPermissionDenied, false},
      {403, "[]", ErrorKind::kPermissionDenied, false},
      {404, R"({"error": null})", ErrorKind::kNotFound, false},
      {408, "", ErrorKind::kUnavailable, true},
      {429, R"({"error": {"errors": "x", "details": {"a": 1}}})", ErrorKind::kUnavailable, true},
      {502, R"({"error": {"errors": [1, {"reason": 2}]}})", ErrorKind::kUnavailable, true},
      {501, "", ErrorKind::kUnsupported, false},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(error_of(one.status, one.body).kind(), one.kind) << one.status << " " << one.body;
    EXPECT_EQ(is_transient_google_answer(answer(one.status, one.body)), one.is_repeated)
        << one.status << " " << one.body;
  }
}

TEST(GoogleErrorTest, ReadsWhatTheApisAndOAuthSay) {
  const GoogleError old =
      google_error_of(answer(403, old_body("accessDenied", "Access Denied: x")));
  EXPECT_EQ(old.reason, "accessDenied");
  EXPECT_EQ(old.domain, "global");
  EXPECT_EQ(old.message, "Access Denied: x");
  EXPECT_EQ(old.describe(), "accessDenied: Access Denied: x (HTTP 403)");
  const GoogleError rpc = google_error_of(answer(403, new_body("PERMISSION_DENIED", "NO")));
  EXPECT_EQ(rpc.detailed_reason, "NO");
  EXPECT_EQ(rpc.domain, "googleapis.com");
  EXPECT_EQ(rpc.code, "PERMISSION_DENIED");
  EXPECT_EQ(rpc.describe(), "NO: said (HTTP 403)");
  EXPECT_EQ(google_error_of(answer(400, oauth_body("invalid_grant"))).describe(),
            "invalid_grant: said (HTTP 400)");
  EXPECT_EQ(google_error_of(answer(404, "")).describe(), "refused (HTTP 404)");
}

TEST(GoogleErrorTest, AMessageIsOneShortLine) {
  const std::string body =
      R"({"error": {"message": "a\nb\u0007)" + std::string(5000, 'x') + R"("}})";
  const std::string text = error_of(400, body).what();
  EXPECT_LT(text.size(), 700u);
  EXPECT_EQ(text.find_first_of("\n\a"), std::string::npos);
}

TEST(GoogleErrorTest, TellsAUsedUpQuotaFromTooManyRequests) {
  const Error quota = error_of(403, old_body("quotaExceeded"));
  const Error rate = error_of(403, old_body("rateLimitExceeded"));
  EXPECT_THAT(quota.what(), HasSubstr("insert the job j1: quotaExceeded: said (HTTP 403)"));
  EXPECT_THAT(quota.what(), HasSubstr("a quota is used up, so it was not tried again at once"));
  EXPECT_THAT(rate.what(), HasSubstr("fewer requests"));
  EXPECT_THAT(rate.what(), Not(HasSubstr("quota is used up")));
  EXPECT_EQ(kind_of_google_reason("quotaExceeded"), ErrorKind::kNoSpace);
  EXPECT_EQ(kind_of_google_reason("stopped"), ErrorKind::kConflict);
  EXPECT_EQ(kind_of_google_reason("brandNew"), std::nullopt);
  EXPECT_EQ(kind_of_google_reason(""), std::nullopt);
  EXPECT_THAT(advice_for_google_reason("quotaExceeded"), HasSubstr("quota"));
  EXPECT_EQ(advice_for_google_reason("brandNew"), "");
}

TEST(GoogleErrorTest, AFailureThatMayHaveChangedSomethingHasAnUnknownOutcome) {
  EXPECT_EQ(error_of(503, old_body("backendError"), true).kind(), ErrorKind::kUnknownOutcome);
  EXPECT_EQ(error_of(500, "", true).kind(), ErrorKind::kUnknownOutcome);
  EXPECT_EQ(error_of(403, old_body("rateLimitExceeded"), true).kind(), ErrorKind::kUnavailable);
  RetriedResponse lost;
  lost.response = no_answer(HttpFailure::Kind::kNoAnswer);
  EXPECT_EQ(error_of_google_failure(lost, "x", true).kind(), ErrorKind::kUnknownOutcome);
  EXPECT_EQ(error_of_google_failure(lost, "x", false).kind(), ErrorKind::kUnavailable);
}

TEST(GoogleErrorTest, ARetryingClientRepeatsARateLimitAndNoQuota) {
  ManualClock clock{TimePoint(std::chrono::hours(400'000))};
  for (const auto& [reason, times] :
       {std::pair("rateLimitExceeded", 3u), std::pair("quotaExceeded", 1u),
        std::pair("accessDenied", 1u)}) {
    const auto http = std::make_shared<ScriptedHttp>(
        [&](const HttpRequest&) { return answer(403, old_body(reason)); });
    RetryingClient client(http, clock, RetryPolicy{.attempts = 3}, std::make_shared<RetryBudget>());
    client.send([] { return HttpRequest{.url = "https://h/"}; }, {}, is_transient_google_answer);
    EXPECT_EQ(http->requests.size(), times) << reason;
  }
}

}  // namespace
}  // namespace finops
