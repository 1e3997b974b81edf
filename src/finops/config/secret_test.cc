#include "finops/config/secret.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "finops/core/error.h"

namespace finops {
namespace {

using Variables = std::map<std::string, std::string>;

std::string error_of(const Secret& secret, const Environment& environment, ErrorKind kind) {
  try {
    secret.resolve(environment);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    return error.what();
  }
  return "no error";
}

TEST(SecretTest, ALiteralIsItsOwnValueAndIsNeverDescribed) {
  const Secret secret("aws.aws_secret_access_key", "hunter2");
  EXPECT_EQ(secret.resolve(Environment()), "hunter2");
  EXPECT_EQ(secret.describe(), "(secret, given)");
}

TEST(SecretTest, AnEnvironmentReferenceIsLookedUpWhenItIsNeeded) {
  const Secret secret("aws.aws_secret_access_key", "env:CUR_KEY");
  EXPECT_EQ(secret.describe(), "(secret, from env:CUR_KEY)");
  EXPECT_EQ(secret.resolve(Environment(Variables{{"CUR_KEY", "v"}})), "v");
  const std::string message = error_of(secret, Environment(), ErrorKind::kInvalidConfig);
  EXPECT_NE(message.find("CUR_KEY is not set"), std::string::npos) << message;
}

TEST(SecretTest, AFileLosesItsLineEndOnly) {
  const auto path =
      std::filesystem::temp_directory_path() / ("finops_secret_test_" + std::to_string(::getpid()));
  std::ofstream(path) << " with blanks \n";
  EXPECT_EQ(Secret("k", "file:" + path.string()).resolve(Environment()), " with blanks ");
  std::ofstream(path) << "\n";
  const Secret empty("k", "file:" + path.string());
  EXPECT_NE(error_of(empty, Environment(), ErrorKind::kInvalidConfig).find("is empty"),
            std::string::npos);
  std::filesystem::remove(path);
  const std::string message = error_of(empty, Environment(), ErrorKind::kInvalidConfig);
  EXPECT_NE(message.find(path.string()), std::string::npos) << message;
}

TEST(SecretTest, AFolderInPlaceOfAFileIsAClearError) {
  const Secret secret("k", "file:" + std::filesystem::temp_directory_path().string());
  EXPECT_NE(error_of(secret, Environment(), ErrorKind::kInvalidConfig).find("read the secret"),
            std::string::npos);
}

constexpr const char* kArn = "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:a/b-XyZ123";

TEST(SecretTest, SecretsManagerIsAskedForTheArnInItsRegionAndTheMember) {
  SecretsManagerReference asked;
  const auto ask = [&asked](const SecretsManagerReference& reference) {
    asked = reference;
    return std::string("v");
  };
  const Secret secret("k", std::string("secretsmanager:") + kArn + "#key");
  EXPECT_EQ(secret.mistake(), "");
  EXPECT_EQ(secret.describe(), std::string("(secret, from secretsmanager:") + kArn + "#key)");
  EXPECT_EQ(secret.resolve(Environment(), ask), "v");
  EXPECT_EQ(asked.arn, kArn);
  EXPECT_EQ(asked.region, "cn-north-1");
  EXPECT_EQ(asked.key, "key");
  EXPECT_EQ(SecretsManagerReference::parse(kArn)->key, "");
}

TEST(SecretTest, AnAnswerOfSecretsManagerKeepsItsKindAndNamesTheKey) {
  const auto ask = [](const SecretsManagerReference&) -> std::string {
    throw Error(ErrorKind::kPermissionDenied, "AWS says no");
  };
  const Secret secret("notify.webhook_url", std::string("secretsmanager:") + kArn);
  try {
    secret.resolve(Environment(), ask);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kPermissionDenied);
    EXPECT_STREQ(error.what(), "notify.webhook_url: AWS says no");
  }
}

TEST(SecretTest, WhatIsNoArnOfASecretIsAMistake) {
  for (const char* target :
       {"name", "arn:aws:s3:eu-west-1:1:secret:x", "arn:aws:secretsmanager::1:secret:x",
        "arn:aws:secretsmanager:eu-west-1:1:secret:", "arn:aws:secretsmanager:eu-west-1:1:secret",
        "arn:aws:secretsmanager:eu-west-1::secret:x", "arn:aws:secretsmanager:h/x:1:secret:x",
        "arn:aws:secretsmanager:eu-west-1:1:secret:x#", "#key"}) {
    const Secret secret("k", std::string("secretsmanager:") + target);
    EXPECT_NE(secret.mistake().find("names no secret"), std::string::npos) << target;
    error_of(secret, Environment(), ErrorKind::kInvalidConfig);
  }
}

TEST(SecretTest, OnlyALiteralIsToldAsOne) {
  EXPECT_EQ(Secret("k", "hunter2").literal(), "hunter2");
  EXPECT_EQ(Secret("k", "env:A").literal(), "");
}

TEST(SecretTest, AReferenceToNothingIsAMistake) {
  EXPECT_NE(Secret("k", "env:").mistake(), "");
  EXPECT_EQ(Secret("k", "env:A").mistake(), "");
  EXPECT_EQ(Secret("k", "").mistake(), "");
}

}  // namespace
}  // namespace finops
