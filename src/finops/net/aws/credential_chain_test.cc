#include "finops/net/aws/credential_chain.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "finops/net/http_date.h"
#include "tests/support/scripted_http.h"
#include "tests/support/temp_folder.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

constexpr const char* kRole = "arn:aws:iam::123456789012:role/bill-reader";

std::string sts_answer(const std::string& id, const std::string& expiry) {
  return "<AssumeRoleResponse "
         "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"
         "<Credentials><AccessKeyId>" +
         id +
         "</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token"
         "</SessionToken><Expiration>" +
         expiry + "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
}

class CredentialChainTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = home_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::shared_ptr<AwsCredentialProvider> chain() { return credential_chain(session()); }
  AwsSession session() {
    variables_.emplace("HOME", home_.path().string());
    return {http_, std::make_shared<RetryBudget>(), Environment(variables_), clock_, ""};
  }
  std::string body_of(std::size_t request) { return http_->bodies.at(request); }

  TempFolder home_;
  std::map<std::string, std::string> variables_;
  ManualClock clock_{parse_iso8601("2026-05-01T12:00:00Z").value()};
  std::function<HttpResponse(const HttpRequest&)> answer_ = [](const HttpRequest&) {
    return no_answer(HttpFailure::Kind::kNotSent, "no route to host");
  };
  std::shared_ptr<ScriptedHttp> http_ = std::make_shared<ScriptedHttp>(
      [this](const HttpRequest& request) { return answer_(request); });
};

TEST_F(CredentialChainTest, TheEnvironmentComesFirst) {
  variables_ = {{"AWS_ACCESS_KEY_ID", "id"},
                {"AWS_SECRET_ACCESS_KEY", "key"},
                {"AWS_SESSION_TOKEN", "token"},
                {"AWS_ROLE_ARN", kRole},
                {"AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere"}};
  const auto provider = chain();
  const AwsCredentials found = provider->get({});
  EXPECT_EQ(found.access_key_id, "id");
  EXPECT_EQ(found.secret_access_key, "key");
  EXPECT_EQ(found.session_token, "token");
  EXPECT_EQ(provider->origin(), "AWS_ACCESS_KEY_ID");
  EXPECT_TRUE(http_->requests.empty());
}

TEST_F(CredentialChainTest, HalfASetOfVariablesIsAMistake) {
  variables_ = {{"AWS_SECRET_ACCESS_KEY", "key"}};
  EXPECT_EQ(kind_thrown_by([&] { chain()->get({}); }), ErrorKind::kInvalidConfig);
}

TEST_F(CredentialChainTest, AWebIdentityIsExchangedUnsigned) {
  write("token", "jwt\n");
  variables_ = {{"AWS_ROLE_ARN", kRole},
                {"AWS_WEB_IDENTITY_TOKEN_FILE", home_ / "token"},
                {"AWS_REGION", "eu-west-1"}};
  answer_ = [](const HttpRequest&) {
    return answer(200, sts_answer("web", "2026-05-01T13:00:00Z"));
  };
  EXPECT_EQ(chain()->get({}).access_key_id, "web");
  EXPECT_EQ(http_->requests.at(0).url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(find_header(http_->requests.at(0).headers, "authorization"), nullptr);
  EXPECT_NE(body_of(0).find("WebIdentityToken=jwt"), std::string::npos);
}

TEST_F(CredentialChainTest, AProfileGivesItsKeys) {
  write(".aws/credentials",
        "[default]\naws_access_key_id=one\naws_secret_access_key=k\n"
        "[billing]\naws_access_key_id=two\naws_secret_access_key=k\n");
  EXPECT_EQ(chain()->get({}).access_key_id, "one");
  variables_["AWS_PROFILE"] = "billing";
  const auto provider = chain();
  EXPECT_EQ(provider->get({}).access_key_id, "two");
  EXPECT_EQ(provider->origin(), "the profile 'billing'");
  variables_["AWS_PROFILE"] = "gone";
  EXPECT_EQ(kind_thrown_by([&] { chain()->get({}); }), ErrorKind::kInvalidConfig);
}

TEST_F(CredentialChainTest, AProfileAssumesItsRoleWithAnother) {
  write(".aws/config", std::string("[profile billing]\nrole_arn=") + kRole +
                           "\nsource_profile=base\nexternal_id=abc 1\nrole_session_name=me\n"
                           "[profile base]\naws_access_key_id=base\naws_secret_access_key=k\n");
  variables_ = {{"AWS_PROFILE", "billing"}};
  answer_ = [](const HttpRequest&) {
    return answer(200, sts_answer("role", "2026-05-01T13:00:00Z"));
  };
  EXPECT_EQ(chain()->get({}).session_token, "role-token");
  EXPECT_NE(body_of(0).find("ExternalId=abc%201"), std::string::npos);
  EXPECT_NE(body_of(0).find("RoleSessionName=me"), std::string::npos);
  EXPECT_NE(find_header(http_->requests.at(0).headers, "authorization")->find("Credential=base/"),
            std::string::npos);
}

TEST_F(CredentialChainTest, ARingOfProfilesIsAMistake) {
  write(".aws/config", std::string("[profile a]\nrole_arn=") + kRole + "\nsource_profile=b\n" +
                           "[profile b]\nrole_arn=" + kRole + "\nsource_profile=a\n");
  variables_ = {{"AWS_PROFILE", "a"}};
  const Error error = error_thrown_by([&] { chain()->get({}); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
  EXPECT_NE(std::string(error.what()).find("leads back"), std::string::npos) << error.what();
}

TEST_F(CredentialChainTest, ARoleMayBeAssumedWithKeysOfItsOwnProfile) {
  write(".aws/config", std::string("[profile a]\nrole_arn=") + kRole +
                           "\nsource_profile=a\naws_access_key_id=own\naws_secret_access_key=k\n");
  variables_ = {{"AWS_PROFILE", "a"}};
  answer_ = [](const HttpRequest&) {
    return answer(200, sts_answer("role", "2026-05-01T13:00:00Z"));
  };
  EXPECT_EQ(chain()->get({}).access_key_id, "role");
}

TEST_F(CredentialChainTest, AProfileWithMfaIsRefused) {
  write(".aws/config", std::string("[default]\nmfa_serial=x\nrole_arn=") + kRole +
                           "\ncredential_source=Environment\n");
  EXPECT_EQ(kind_thrown_by([&] { chain()->get({}); }), ErrorKind::kUnsupported);
}

TEST_F(CredentialChainTest, AProcessPrintsCredentials) {
  write("print", R"({"Version":1,"AccessKeyId":"p","SecretAccessKey":"k","SessionToken":"t",)"
                 R"("Expiration":"2026-05-01T13:00:00Z"})");
  write(".aws/config", "[default]\ncredential_process = cat '" + (home_ / "print") + "'\n");
  EXPECT_EQ(chain()->get({}).access_key_id, "p");
}

TEST_F(CredentialChainTest, AProcessThatFailsIsToldWithoutItsCommand) {
  write(".aws/config", "[default]\ncredential_process = exit 3 # --password hunter2\n");
  const Error error = error_thrown_by([&] { chain()->get({}); });
  EXPECT_NE(std::string(error.what()).find("exit code 3"), std::string::npos) << error.what();
  EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos) << error.what();
  write(".aws/config", "[default]\ncredential_process = echo nonsense\n");
  EXPECT_EQ(kind_thrown_by([&] { chain()->get({}); }), ErrorKind::kInvalidData);
}

TEST_F(CredentialChainTest, ALoginOfIdentityCenterIsExchanged) {
  write(".aws/config",
        "[default]\nsso_session=corp\nsso_account_id=123456789012\nsso_role_name=Bill Reader\n"
        "[sso-session corp]\nsso_start_url=https://corp.awsapps.com/start\nsso_region=eu-west-1\n");
  // The name of the file is the SHA-1 of "corp".
  const std::string cache = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
  const auto login = [&](const std::string& until) {
    write(cache, R"({"accessToken":"bearer","expiresAt":")" + until + "\"}");
  };
  answer_ = [](const HttpRequest&) {
    return answer(200, R"({"roleCredentials":{"accessKeyId":"sso","secretAccessKey":"k",)"
                       R"("sessionToken":"t","expiration":1777644000000}})");
  };
  const Error missing = error_thrown_by([&] { chain()->get({}); });
  EXPECT_NE(std::string(missing.what()).find("aws sso login --sso-session corp"),
            std::string::npos);
  login("2026-05-01T11:00:00Z");
  EXPECT_EQ(kind_thrown_by([&] { chain()->get({}); }), ErrorKind::kPermissionDenied);
  login("2026-05-01T20:00:00Z");
  EXPECT_EQ(chain()->get({}).access_key_id, "sso");
  EXPECT_EQ(http_->requests.at(0).url,
            "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?"
            "role_name=Bill%20Reader&account_id=123456789012");
  EXPECT_EQ(*find_header(http_->requests.at(0).headers, "x-amz-sso_bearer_token"), "bearer");
}

TEST_F(CredentialChainTest, AContainerIsAsked) {
  variables_ = {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/1"},
                {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "secret"}};
  answer_ = [](const HttpRequest&) {
    return answer(200, R"({"AccessKeyId":"ecs","SecretAccessKey":"k","Token":"t",)"
                       R"("Expiration":"2026-05-01T13:00:00Z"})");
  };
  EXPECT_EQ(chain()->get({}).access_key_id, "ecs");
  EXPECT_EQ(http_->requests.at(0).url, "http://169.254.170.2/v2/credentials/1");
  EXPECT_EQ(*find_header(http_->requests.at(0).headers, "authorization"), "secret");
}

TEST_F(CredentialChainTest, AContainersTokenGoesToNoStranger) {
  variables_ = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://attacker.example/"},
                {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "secret"}};
  EXPECT_EQ(kind_thrown_by([&] { chain()->get({}); }), ErrorKind::kInvalidConfig);
  EXPECT_TRUE(http_->requests.empty());
}

TEST_F(CredentialChainTest, AnInstanceIsAskedByVersion2) {
  answer_ = [](const HttpRequest& request) {
    if (request.method == "PUT") return answer(200, "session");
    if (*find_header(request.headers, "x-aws-ec2-metadata-token") != "session") return answer(401);
    if (request.url.ends_with("/security-credentials/")) return answer(200, "my-role");
    return answer(200, R"({"Code":"Success","AccessKeyId":"ec2","SecretAccessKey":"k",)"
                       R"("Token":"t","Expiration":"2026-05-01T13:00:00Z"})");
  };
  const auto provider = chain();
  EXPECT_EQ(provider->get({}).access_key_id, "ec2");
  EXPECT_EQ(provider->origin(), "the instance's role");
  EXPECT_EQ(http_->requests.at(2).url,
            "http://169.254.169.254/latest/meta-data/iam/security-credentials/my-role");
  for (const HttpRequest& request : http_->requests) EXPECT_FALSE(request.may_use_proxy);
}

TEST_F(CredentialChainTest, WithoutAnyTheMessageSaysWhereItLooked) {
  const Error error = error_thrown_by([&] { chain()->get({}); });
  EXPECT_EQ(error.kind(), ErrorKind::kPermissionDenied);
  const std::string text = error.what();
  for (const char* place : {"AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "'default'",
                            "AWS_CONTAINER", "no route to host"}) {
    EXPECT_NE(text.find(place), std::string::npos) << place << " in " << text;
  }
  variables_["AWS_EC2_METADATA_DISABLED"] = "true";
  const std::size_t asked = http_->requests.size();
  EXPECT_EQ(kind_thrown_by([&] { chain()->get({}); }), ErrorKind::kPermissionDenied);
  EXPECT_EQ(http_->requests.size(), asked);
}

class AssumedRoleTest : public CredentialChainTest {
 protected:
  std::shared_ptr<AwsCredentialProvider> role() {
    return assumed_role(session(), given_credentials({"base", "k", "", {}}, "the configuration"),
                        {.role_arn = kRole, .external_id = "ext"});
  }
};

TEST_F(AssumedRoleTest, IsAssumedAgainBeforeItExpires) {
  int times = 0;
  answer_ = [&](const HttpRequest&) {
    ++times;
    return answer(200, sts_answer("role" + std::to_string(times),
                                  to_iso8601(clock_.now() + std::chrono::hours(1))));
  };
  const auto provider = role();
  EXPECT_EQ(provider->get({}).access_key_id, "role1");
  clock_.advance(std::chrono::minutes(54));
  EXPECT_EQ(provider->get({}).access_key_id, "role1");
  clock_.advance(std::chrono::minutes(2));
  EXPECT_EQ(provider->get({}).access_key_id, "role2");
}

TEST_F(AssumedRoleTest, AnOutageDoesNotEndWhatIsStillGood) {
  bool is_down = false;
  answer_ = [&](const HttpRequest&) {
    if (is_down) return answer(503);
    return answer(200, sts_answer("role", "2026-05-01T13:00:00Z"));
  };
  const auto provider = role();
  provider->get({});
  is_down = true;
  clock_.advance(std::chrono::minutes(56));
  EXPECT_EQ(provider->get({}).access_key_id, "role");
  clock_.advance(std::chrono::minutes(4));
  EXPECT_EQ(kind_thrown_by([&] { provider->get({}); }), ErrorKind::kUnavailable);
}

TEST_F(AssumedRoleTest, ARefusalSaysWhoAskedAndWhatAwsSaid) {
  answer_ = [](const HttpRequest&) {
    return answer(
        403,
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: "
        "x is not authorized to perform: sts:AssumeRole</Message></Error>"
        "<RequestId>req-1</RequestId></ErrorResponse>");
  };
  const Error error = error_thrown_by([&] { role()->get({}); });
  EXPECT_EQ(error.kind(), ErrorKind::kPermissionDenied);
  const std::string text = error.what();
  for (const char* part : {kRole, "AccessDenied", "sts:AssumeRole", "req-1", "the configuration"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
  EXPECT_EQ(http_->requests.size(), 1u);
}

TEST_F(CredentialChainTest, TheRegionIsFoundLikeCredentials) {
  EXPECT_EQ(aws_region(Environment(), "given"), "given");
  write(".aws/config", "[default]\nregion = c\n");
  EXPECT_EQ(aws_region(session().environment, ""), "c");
  variables_["AWS_DEFAULT_REGION"] = "b";
  EXPECT_EQ(aws_region(session().environment, ""), "b");
  variables_["AWS_REGION"] = "a";
  EXPECT_EQ(aws_region(session().environment, ""), "a");
}

}  // namespace
}  // namespace finops
