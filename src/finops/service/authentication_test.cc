#include "finops/service/authentication.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/core/error.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kWriter = "writer-0123456789", kReader = "reader-0123456789";

ServiceRequest request_with(std::vector<std::string> authorizations) {
  ServiceRequest request;
  for (std::string& value : authorizations) {
    request.headers.push_back({"authorization", std::move(value)});
  }
  return request;
}

int status_of(const std::optional<ServiceResponse>& refusal) {
  return refusal ? refusal->status : 0;
}

TEST(ApiTokenTest, LetsInWhoSendsAToken) {
  const std::vector<ApiToken> tokens = {{kWriter, true}, {kReader, false}};
  const auto reading = api_token_guard(tokens, false), writing = api_token_guard(tokens, true);
  EXPECT_EQ(status_of(reading.at_head(request_with({"Bearer " + kReader}))), 0);
  EXPECT_EQ(status_of(reading.at_head(request_with({"bearer " + kWriter}))), 0);
  EXPECT_EQ(status_of(writing.at_head(request_with({"Bearer " + kWriter}))), 0);
  const auto refusal = writing.at_head(request_with({"Bearer " + kReader}));
  EXPECT_EQ(status_of(refusal), 403);
  EXPECT_THAT(*find_header(refusal->headers, "WWW-Authenticate"), HasSubstr("insufficient_scope"));
}

TEST(ApiTokenTest, ChallengesAllOthers) {
  const auto guard = api_token_guard({{kWriter, true}}, true);
  const auto challenge = [&](std::vector<std::string> authorizations) {
    const auto refusal = guard.at_head(request_with(std::move(authorizations)));
    EXPECT_EQ(status_of(refusal), 401);
    return refusal ? *find_header(refusal->headers, "WWW-Authenticate") : "";
  };
  for (const char* none : {"", "Bearer", "Bearer ", "Basic d3JpdGVyOjA="}) {
    EXPECT_EQ(challenge({none}), R"(Bearer realm="finops")") << none;
  }
  EXPECT_EQ(challenge({}), R"(Bearer realm="finops")");
  EXPECT_EQ(challenge({"Bearer " + kWriter, "Bearer " + kWriter}), R"(Bearer realm="finops")");
  for (const std::string& wrong : {kWriter + "x", kWriter.substr(1), kReader, " " + kWriter}) {
    EXPECT_THAT(challenge({"Bearer " + wrong}), HasSubstr("invalid_token")) << wrong;
  }
}

TEST(ApiTokenTest, RefusesTokensThatCanBeGuessed) {
  for (const std::vector<ApiToken>& tokens :
       {std::vector<ApiToken>{}, {{"", true}}, {{"short", true}}}) {
    const Error error = error_thrown_by([&] { api_token_guard(tokens, true); });
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
    EXPECT_THAT(error.what(), Not(HasSubstr("short")));
  }
}

TEST(IdentityTest, AsksTheVerifierAboutTheToken) {
  std::optional<ErrorKind> failure;
  std::vector<std::string> seen, refusals;
  const Guard guard = identity_guard(
      [&](std::string_view token, std::stop_token) {
        seen.emplace_back(token);
        if (failure) throw Error(*failure, "the reason");
      },
      [&](std::string_view why) { refusals.emplace_back(why); });
  const ServiceRequest request = request_with({"Bearer a.b.c"});
  EXPECT_EQ(status_of(guard.at_head(request)), 0);
  EXPECT_EQ(status_of(guard.at_work(request)), 0);
  EXPECT_THAT(seen, ElementsAre("a.b.c"));
  EXPECT_EQ(status_of(guard.at_head(request_with({}))), 401);

  failure = ErrorKind::kPermissionDenied;
  const auto refusal = guard.at_work(request);
  EXPECT_EQ(status_of(refusal), 401);
  EXPECT_THAT(*find_header(refusal->headers, "WWW-Authenticate"), HasSubstr("invalid_token"));
  EXPECT_THAT(refusal->body, Not(HasSubstr("the reason")));
  EXPECT_THAT(refusals, ElementsAre("the reason"));

  failure = ErrorKind::kUnavailable;
  EXPECT_EQ(status_of(guard.at_work(request)), 503);
}

}  // namespace
}  // namespace finops
