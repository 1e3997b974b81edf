#include "finops/net/aws/secrets_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/scripted_http.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kArn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:bills-AbC123";

std::string secret_answer(const std::string& value) {
  return nlohmann::json{{"ARN", kArn}, {"Name", "bills"}, {"SecretString", value}}.dump();
}

std::string error_answer(const std::string& code, const std::string& message) {
  return nlohmann::json{{"__type", code}, {"Message", message}}.dump();
}

class SecretsManagerTest : public ::testing::Test {
 protected:
  SecretsManager make() {
    const AwsSession session{http_, std::make_shared<RetryBudget>(), Environment(variables_),
                             clock_, ""};
    return {session, given_credentials({"AKID", "hunter2", "token", {}}, "a test")};
  }
  std::string value(const std::string& key = "") {
    SecretsManager manager = make();
    return manager.value(kArn, "eu-west-1", key, {});
  }
  Error failure(int status, const std::string& body) {
    answer_ = [=](const HttpRequest&) {
      return answer(status, body, {{"x-amzn-requestid", "REQ7"}});
    };
    return error_thrown_by([&] { value(); });
  }
  std::string header(const char* name) const {
    const auto* found = find_header(http_->requests.back().headers, name);
    return found == nullptr ? "" : *found;
  }

  std::map<std::string, std::string> variables_;
  ManualClock clock_{TimePoint(std::chrono::hours(400'000))};
  std::function<HttpResponse(const HttpRequest&)> answer_ = [](const HttpRequest&) {
    return answer(200, secret_answer("s3cr3t\n"));
  };
  std::shared_ptr<ScriptedHttp> http_ = std::make_shared<ScriptedHttp>(
      [this](const HttpRequest& request) { return answer_(request); });
};

TEST_F(SecretsManagerTest, AsksTheRegionOfTheArnSignedForTheService) {
  EXPECT_EQ(value(), "s3cr3t");
  const HttpRequest& asked = http_->requests.at(0);
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.url, "https://secretsmanager.eu-west-1.amazonaws.com/");
  EXPECT_EQ(header("content-type"), "application/x-amz-json-1.1");
  EXPECT_EQ(header("x-amz-target"), "secretsmanager.GetSecretValue");
  EXPECT_EQ(header("x-amz-security-token"), "token");
  EXPECT_THAT(header("authorization"), HasSubstr("/eu-west-1/secretsmanager/aws4_request"));
  EXPECT_THAT(header("authorization"), HasSubstr("x-amz-target"));
  EXPECT_EQ(nlohmann::json::parse(http_->bodies.at(0)), (nlohmann::json{{"SecretId", kArn}}));
}

TEST_F(SecretsManagerTest, GoesToTheEndpointOfTheEnvironment) {
  variables_ = {{"AWS_ENDPOINT_URL", "http://all:1"},
                {"AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://one:2"}};
  value();
  EXPECT_EQ(http_->requests.back().url, "http://one:2/");
  variables_.erase("AWS_ENDPOINT_URL_SECRETS_MANAGER");
  value();
  EXPECT_EQ(http_->requests.back().url, "http://all:1/");
}

TEST_F(SecretsManagerTest, TakesAMemberOfAJsonSecretAndAsksOnce) {
  answer_ = [](const HttpRequest&) {
    return answer(200,
                  secret_answer(R"({"id": "AK", "key": "s3cr3t", "port": 5432, "off": null})"));
  };
  SecretsManager manager = make();
  EXPECT_EQ(manager.value(kArn, "eu-west-1", "key", {}), "s3cr3t");
  EXPECT_EQ(manager.value(kArn, "eu-west-1", "id", {}), "AK");
  EXPECT_EQ(manager.value(kArn, "eu-west-1", "port", {}), "5432");
  for (const char* key : {"none", "off"}) {
    const Error error = error_thrown_by([&] { manager.value(kArn, "eu-west-1", key, {}); });
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
    EXPECT_THAT(error.what(), HasSubstr("member '" + std::string(key) + "'"));
    EXPECT_THAT(error.what(), Not(HasSubstr("s3cr3t")));
  }
  EXPECT_EQ(http_->requests.size(), 1u);
}

TEST_F(SecretsManagerTest, AMemberOfWhatIsNoObjectIsAClearErrorWithoutTheSecret) {
  for (const char* secret : {"s3cr3t", R"(["s3cr3t"])", R"({"a": "s3cr3t)"}) {
    answer_ = [=](const HttpRequest&) { return answer(200, secret_answer(secret)); };
    const Error error = error_thrown_by([&] { value("key"); });
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
    EXPECT_THAT(error.what(), HasSubstr("no JSON object"));
    EXPECT_THAT(error.what(), HasSubstr(kArn));
    EXPECT_THAT(error.what(), Not(HasSubstr("s3cr3t")));
  }
}

TEST_F(SecretsManagerTest, WhatIsNoTextIsRefused) {
  EXPECT_THAT(failure(200, R"({"ARN": "a", "SecretBinary": "c2VjcmV0"})").what(),
              HasSubstr("it is binary"));
  EXPECT_THAT(failure(200, secret_answer("\n")).what(), HasSubstr("it is empty"));
  EXPECT_EQ(failure(200, "<html>").kind(), ErrorKind::kInvalidData);
}

TEST_F(SecretsManagerTest, TellsWhatAwsSaidAndWhatToDo) {
  const Error missing = failure(
      400, error_answer("ResourceNotFoundException", "Secrets Manager can't find the secret."));
  EXPECT_EQ(missing.kind(), ErrorKind::kNotFound);
  for (const char* part : {kArn, "ResourceNotFoundException", "can't find", "REQ7", "check the ARN",
                           "credentials from a test"}) {
    EXPECT_THAT(missing.what(), HasSubstr(part));
  }
  // AWS answers 400, not 403, when a policy denies it.
  const Error denied =
      failure(400, error_answer("AccessDeniedException", "User is not authorized"));
  EXPECT_EQ(denied.kind(), ErrorKind::kPermissionDenied);
  EXPECT_THAT(denied.what(), HasSubstr("secretsmanager:GetSecretValue"));
  EXPECT_EQ(http_->requests.size(), 2u) << "neither is tried again";
}

TEST_F(SecretsManagerTest, RepeatsWhatMayPass) {
  answer_ = [this](const HttpRequest&) {
    return http_->requests.size() < 3 ? answer(400, error_answer("ThrottlingException", "slower"))
                                      : answer(200, secret_answer("s3cr3t"));
  };
  EXPECT_EQ(value(), "s3cr3t");
  EXPECT_EQ(http_->requests.size(), 3u);
}

}  // namespace
}  // namespace finops
