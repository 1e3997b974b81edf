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

TEST(SecretTest, SecretsManagerIsRefusedByName) {
  const Secret secret("k", "secretsmanager:arn:aws:secretsmanager:eu-west-1:1:secret:x#key");
  error_of(secret, Environment(), ErrorKind::kUnsupported);
}

TEST(SecretTest, AReferenceToNothingIsAMistake) {
  EXPECT_NE(Secret("k", "env:").mistake(), "");
  EXPECT_EQ(Secret("k", "env:A").mistake(), "");
  EXPECT_EQ(Secret("k", "").mistake(), "");
}

}  // namespace
}  // namespace finops
