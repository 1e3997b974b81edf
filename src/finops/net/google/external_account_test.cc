#include "tests/support/google_credentials_fixture.h"

namespace finops {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kAudience =
    "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool/providers/aws";
constexpr const char* kMetadata = "http://169.254.169.254";

class ExternalAccountTest : public GoogleCredentialsFixture {
 protected:
  static Json file_for(const Json& source) {
    return {{"type", "external_account"},
            {"audience", kAudience},
            {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
            {"token_url", "https://sts.googleapis.com/v1/token"},
            {"credential_source", source}};
  }
  static Json aws_file() {
    const std::string latest = std::string(kMetadata) + "/latest";
    Json file = file_for(
        {{"environment_id", "aws1"},
         {"region_url", latest + "/meta-data/placement/availability-zone"},
         {"url", latest + "/meta-data/iam/security-credentials"},
         {"imdsv2_session_token_url", latest + "/api/token"},
         {"regional_cred_verification_url",
          "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"}});
    file["subject_token_type"] = "urn:ietf:params:aws:token-type:aws4_request";
    return file;
  }
  /// The signed call of AWS in the subject's token; its headers by name.
  Json subject(std::size_t request) {
    Json call = Json::parse(percent_decode(form(request)["subject_token"]));
    Json headers;
    for (const Json& header : call["headers"]) headers[header["key"]] = header["value"];
    call["headers"] = headers;
    return call;
  }
  std::size_t exchange() const {
    for (std::size_t i = 0; i < http_->requests.size(); ++i) {
      if (http_->requests[i].url == "https://sts.googleapis.com/v1/token") return i;
    }
    ADD_FAILURE() << "no token was exchanged";
    return 0;
  }
  void use_keys_of_environment() {
    variables_.insert({{"AWS_ACCESS_KEY_ID", "AKID"},
                       {"AWS_SECRET_ACCESS_KEY", "secret"},
                       {"AWS_REGION", "eu-central-1"}});
  }
};

TEST_F(ExternalAccountTest, SignsGetCallerIdentityWithTheKeysOfTheEnvironment) {
  use_keys_of_environment();
  answer_ = [](const HttpRequest&) { return oauth_token("federated"); };
  EXPECT_EQ(of_file(aws_file())->get({}).text, "federated");
  ASSERT_EQ(http_->requests.size(), 1u) << "the metadata server is not asked";
  auto fields = form(0);
  EXPECT_EQ(fields["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
  EXPECT_EQ(fields["audience"], kAudience);
  EXPECT_EQ(fields["scope"], "scope-a scope-b");
  EXPECT_EQ(fields["requested_token_type"], "urn:ietf:params:oauth:token-type:access_token");
  EXPECT_EQ(fields["subject_token_type"], "urn:ietf:params:aws:token-type:aws4_request");
  EXPECT_EQ(header(0, "authorization"), "");
  // Google's own Python library gives this signature for these keys at this time.
  EXPECT_EQ(subject(0),
            (Json{{"url",
                   "https://sts.eu-central-1.amazonaws.com?Action=GetCallerIdentity&Version="
                   "2011-06-15"},
                  {"method", "POST"},
                  {"headers",
                   {{"authorization",
                     "AWS4-HMAC-SHA256 Credential=AKID/20260501/eu-central-1/sts/aws4_request, "
                     "SignedHeaders=host;x-amz-date;x-goog-cloud-target-resource, Signature="
                     "bb5823cab33a1753c646abb9bac95e403a07c84a2e08f282263f74e63fb11335"},
                    {"host", "sts.eu-central-1.amazonaws.com"},
                    {"x-amz-date", "20260501T120000Z"},
                    {"x-goog-cloud-target-resource", kAudience}}}}));
  variables_["AWS_SESSION_TOKEN"] = "session";
  of_file(aws_file())->get({});
  const Json headers = subject(1)["headers"];
  EXPECT_EQ(headers["x-amz-security-token"], "session");
  EXPECT_THAT(headers["authorization"].get<std::string>(),
              HasSubstr("8823ab60b29feba2550b957cadea9ca7896b4dba91b74178f97b9b34dd5e5930"));
}

TEST_F(ExternalAccountTest, TakesTheInstancesRoleAndRegion) {
  answer_ = [](const HttpRequest& request) {
    const auto is = [&](const char* end) { return request.url.ends_with(end); };
    if (is("/latest/api/token")) return answer(200, "imds");
    if (is("availability-zone")) return answer(200, "us-east-2b");
    if (is("security-credentials/")) return answer(200, "my-role");
    if (is("my-role")) {
      return answer(200, R"({"AccessKeyId": "ASIA", "SecretAccessKey": "s", "Token": "t",
                             "Expiration": "2026-05-01T18:00:00Z"})");
    }
    return oauth_token("federated");
  };
  EXPECT_EQ(of_file(aws_file())->get({}).text, "federated");
  for (std::size_t i = 0; i < exchange(); ++i) {
    EXPECT_TRUE(http_->requests[i].url.starts_with(kMetadata)) << http_->requests[i].url;
    EXPECT_FALSE(http_->requests[i].may_use_proxy);
    const bool is_login = http_->requests[i].method == "PUT";
    EXPECT_EQ(header(i, "x-aws-ec2-metadata-token"), is_login ? "" : "imds");
  }
  const Json call = subject(exchange());
  EXPECT_THAT(call["url"].get<std::string>(), HasSubstr("sts.us-east-2.amazonaws.com"));
  EXPECT_THAT(call["headers"]["authorization"].get<std::string>(),
              HasSubstr("Credential=ASIA/20260501/us-east-2/sts/"));
}

TEST_F(ExternalAccountTest, TheMetadataServerOfTheFileIsAsked) {
  Json file = aws_file();
  file["credential_source"]["url"] =
      "http://127.0.0.1:1338/latest/meta-data/iam/security-credentials";
  variables_["AWS_REGION"] = "eu-central-1";
  answer_ = [](const HttpRequest& request) {
    EXPECT_TRUE(request.url.starts_with("http://127.0.0.1:1338/")) << request.url;
    return answer(404);
  };
  const Error error = error_thrown_by([&] { of_file(file)->get({}); });
  EXPECT_THAT(error.what(), HasSubstr("there are no AWS credentials"));
  EXPECT_THAT(error.what(), HasSubstr(kAudience));
  EXPECT_FALSE(http_->requests.empty());
}

TEST_F(ExternalAccountTest, WithoutARegionTheErrorSaysWhatToSet) {
  variables_ = {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "secret"}};
  EXPECT_THAT(error_thrown_by([&] { of_file(aws_file())->get({}); }).what(),
              HasSubstr("set AWS_REGION"));
  answer_ = [](const HttpRequest&) { return answer(200, "evil.example/?"); };
  EXPECT_EQ(kind_thrown_by([&] { of_file(aws_file())->get({}); }), ErrorKind::kInvalidData);
  Json file = aws_file();
  file["credential_source"].erase("region_url");
  EXPECT_EQ(kind_thrown_by([&] { of_file(file)->get({}); }), ErrorKind::kInvalidConfig);
}

TEST_F(ExternalAccountTest, ImpersonatesTheServiceAccountOfTheFile) {
  use_keys_of_environment();
  answer_ = [](const HttpRequest& request) {
    return request.url == "https://sts.googleapis.com/v1/token"
               ? oauth_token("federated")
               : answer(200, R"({"accessToken": "theirs", "expireTime": "2026-05-01T12:10:00Z"})");
  };
  Json file = aws_file();
  file["service_account_impersonation_url"] =
      "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@b:generateAccessToken";
  file["service_account_impersonation"] = {{"token_lifetime_seconds", 600}};
  const GoogleToken token = of_file(file)->get({});
  EXPECT_EQ(token.text, "theirs");
  EXPECT_EQ(token.expires, clock_.now() + std::chrono::minutes(10));
  EXPECT_EQ(form(0)["scope"], kCloudPlatformScope) << "the wanted scopes are the last token's";
  EXPECT_EQ(http_->requests.at(1).url,
            file["service_account_impersonation_url"].get<std::string>());
  EXPECT_EQ(header(1, "authorization"), "Bearer federated");
  EXPECT_EQ(Json::parse(http_->bodies.at(1)),
            (Json{{"scope", {"scope-a", "scope-b"}}, {"lifetime", "600s"}}));
}

TEST_F(ExternalAccountTest, ReadsASubjectFromAFile) {
  answer_ = [](const HttpRequest&) { return oauth_token("federated"); };
  const std::string path = write("subject", std::string("the.jwt.text\n"));
  of_file(file_for({{"file", path}}))->get({});
  EXPECT_EQ(form(0)["subject_token"], "the.jwt.text");
  EXPECT_EQ(form(0)["subject_token_type"], "urn:ietf:params:oauth:token-type:jwt");
  write("subject", std::string(R"({"id_token": "the.other.text"})"));
  const Json format = {{"type", "json"}, {"subject_token_field_name", "id_token"}};
  of_file(file_for({{"file", path}, {"format", format}}))->get({});
  EXPECT_EQ(form(1)["subject_token"], "the.other.text");
  write("subject", std::string(R"({"token": "s3cr3t"})"));
  const Error error =
      error_thrown_by([&] { of_file(file_for({{"file", path}, {"format", format}}))->get({}); });
  EXPECT_THAT(error.what(), HasSubstr("no JSON object with a text 'id_token'"));
  EXPECT_THAT(error.what(), Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(error_thrown_by([&] { of_file(file_for({{"file", "/nowhere"}}))->get({}); }).what(),
              HasSubstr("'/nowhere'"));
}

TEST_F(ExternalAccountTest, ReadsASubjectFromAUrl) {
  answer_ = [](const HttpRequest& request) {
    return request.method == "GET" ? answer(200, R"({"access_token": "of-azure"})")
                                   : oauth_token("federated");
  };
  const Json source = {
      {"url", "http://169.254.169.254/metadata/identity/oauth2/token?resource=x"},
      {"headers", {{"Metadata", "True"}}},
      {"format", {{"type", "json"}, {"subject_token_field_name", "access_token"}}}};
  of_file(file_for(source))->get({});
  EXPECT_EQ(http_->requests.at(0).url, source["url"].get<std::string>());
  EXPECT_EQ(header(0, "metadata"), "True");
  EXPECT_EQ(form(1)["subject_token"], "of-azure");
}

TEST_F(ExternalAccountTest, AWorkforceSaysWhichProjectPays) {
  answer_ = [](const HttpRequest&) { return oauth_token("federated"); };
  Json file = file_for({{"file", write("subject", std::string("t"))}});
  file["workforce_pool_user_project"] = "payer";
  of_file(file)->get({});
  EXPECT_EQ(percent_decode(form(0)["options"]), R"({"userProject":"payer"})");
  file["client_id"] = "id";
  file["client_secret"] = "s";
  of_file(file)->get({});
  EXPECT_EQ(header(1, "authorization"), "Basic aWQ6cw==");
  EXPECT_FALSE(form(1).contains("options"));
}

TEST_F(ExternalAccountTest, ARefusalDoesNotRepeatTheSubject) {
  const std::string path = write("subject", std::string("s3cr3t.jwt"));
  answer_ = [](const HttpRequest&) {
    return answer(400, R"({"error": "invalid_grant", "error_description": "bad: s3cr3t.jwt"})");
  };
  const Error error = error_thrown_by([&] { of_file(file_for({{"file", path}}))->get({}); });
  EXPECT_EQ(error.kind(), ErrorKind::kPermissionDenied);
  EXPECT_THAT(error.what(), HasSubstr("bad: ***"));
  EXPECT_THAT(error.what(), Not(HasSubstr("s3cr3t")));
}

TEST_F(ExternalAccountTest, MistakesAreToldByTheirFields) {
  Json file = aws_file();
  file.erase("audience");
  file["token_url"] = "http://sts.googleapis.com/v1/token";
  file["service_account_impersonation_url"] = "ftp://x";
  file["service_account_impersonation"] = {{"token_lifetime_seconds", 99'999}};
  file["credential_source"]["environment_id"] = "aws2";
  file["credential_source"]["region_url"] = "http://example.com/zone";
  file["credential_source"]["regional_cred_verification_url"] =
      "https://sts.{region}.amazonaws.com?Action=AssumeRole";
  const Error error = error_thrown_by([&] { of_file(file); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
  for (const char* part :
       {"'audience' is missing", "'token_url' is not an https:// URL",
        "'service_account_impersonation_url' is not", "'service_account_impersonation.token_lifeti",
        "'credential_source.environment_id'", "'credential_source.region_url'",
        "'credential_source.regional_cred_verification_url'"}) {
    EXPECT_THAT(error.what(), HasSubstr(part));
  }
  for (const Json& source :
       {Json{{"executable", {{"command", "x"}}}}, Json{{"file", "a"}, {"url", "https://b"}},
        Json{{"url", "http://example.com/"}}, Json{{"file", "a"}, {"format", {{"type", "xml"}}}},
        Json{{"file", "a"}, {"format", {{"type", "json"}}}}, Json{{"file", 5}}, Json("text")}) {
    EXPECT_EQ(kind_thrown_by([&] { of_file(file_for(source)); }), ErrorKind::kInvalidConfig)
        << source;
  }
}

}  // namespace
}  // namespace finops
