#include "finops/net/aws/profile_files.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_folder.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

class ProfileFilesTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(home_ / ".aws");
    std::ofstream(home_ / (".aws/" + name)) << text;
  }
  AwsProfiles read(std::map<std::string, std::string> variables = {}) {
    variables.emplace("HOME", home_.path().string());
    return read_aws_profiles(Environment(std::move(variables)));
  }
  TempFolder home_;
};

TEST_F(ProfileFilesTest, ReadsBothFiles) {
  write("config",
        "# comment\n[default]\nregion = eu-central-1\n[profile billing]\nrole_arn=arn:x\n"
        "source_profile = default\ns3 =\n  max_concurrent_requests = 20\n"
        "[sso-session corp]\nsso_region = us-west-2\n[profile \"with space\"]\nregion=x\n"
        "[services mine]\nregion = not-of-a-profile\n");
  write("credentials",
        "[default]\naws_access_key_id = AKIA\naws_secret_access_key = a/b+c=#;\n[billing]\nregion "
        "= y\n");
  const AwsProfiles profiles = read();
  EXPECT_EQ(profiles.find("default")->at("region"), "eu-central-1");
  EXPECT_EQ(profiles.find("default")->at("aws_secret_access_key"), "a/b+c=#;");
  EXPECT_EQ(profiles.find("billing")->at("source_profile"), "default");
  EXPECT_EQ(profiles.find("billing")->at("region"), "y") << "the credentials file wins";
  EXPECT_EQ(profiles.find("billing")->count("max_concurrent_requests"), 0u);
  EXPECT_EQ(profiles.find("with space")->at("region"), "x");
  EXPECT_EQ(profiles.sso_sessions.at("corp").at("sso_region"), "us-west-2");
  EXPECT_EQ(profiles.find("mine"), nullptr);
}

TEST_F(ProfileFilesTest, MissingFilesAreNoProfiles) {
  EXPECT_TRUE(read().profiles.empty());
  EXPECT_TRUE(read_aws_profiles(Environment()).profiles.empty());
}

TEST_F(ProfileFilesTest, TheEnvironmentNamesOtherFiles) {
  write("other", "[profile a]\nregion = z\n");
  EXPECT_EQ(read({{"AWS_CONFIG_FILE", "~/.aws/other"}}).find("a")->at("region"), "z");
  EXPECT_EQ(read({{"AWS_CONFIG_FILE", home_ / ".aws/other"}}).find("a")->at("region"), "z");
}

TEST_F(ProfileFilesTest, MistakesNameTheLine) {
  write("config", "[default]\nregion\n");
  const Error error = error_thrown_by([&] { read(); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
  EXPECT_NE(std::string(error.what()).find("config:2:"), std::string::npos) << error.what();
}

TEST_F(ProfileFilesTest, TheProfileIsNamedByTheEnvironment) {
  std::map<std::string, std::string> variables;
  EXPECT_EQ(aws_profile_name(Environment(variables)), "default");
  variables["AWS_DEFAULT_PROFILE"] = "a";
  EXPECT_EQ(aws_profile_name(Environment(variables)), "a");
  variables["AWS_PROFILE"] = "b";
  EXPECT_EQ(aws_profile_name(Environment(variables)), "b");
}

}  // namespace
}  // namespace finops
