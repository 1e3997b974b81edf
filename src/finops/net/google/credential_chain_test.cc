#include "finops/net/google/credential_chain.h"

#include <thread>

#include "finops/net/google/jwt.h"
#include "tests/support/google_credentials_fixture.h"
#include "tests/support/rsa_key_pair.h"

namespace finops {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kAccount = "etl@client.iam.gserviceaccount.com";
constexpr std::int64_t kNow = 1'777'636'800;  // 2026-05-01T12:00:00Z

class GoogleCredentialsTest : public GoogleCredentialsFixture {
 protected:
  static Json key_file() {
    return {{"type", "service_account"}, {"project_id", "p"},
            {"private_key_id", "key-1"}, {"private_key", test_key().pem()},
            {"client_email", kAccount},  {"token_uri", "https://oauth2.googleapis.com/token"}};
  }
  static Json user_file() {
    return {{"type", "authorized_user"},
            {"client_id", "id"},
            {"client_secret", "client-s3cr3t"},
            {"refresh_token", "1//refresh-s3cr3t"},
            {"quota_project_id", "payer"}};
  }
  /// A metadata server that knows its flavor.
  static HttpResponse metadata(HttpResponse response) {
    response.headers.push_back({"Metadata-Flavor", "Google"});
    return response;
  }
  static HttpResponse impersonated(const std::string& text, const std::string& end) {
    return answer(200, Json{{"accessToken", text}, {"expireTime", end}}.dump());
  }
  Error failure_of(const Json& file) {
    return error_thrown_by([&] { of_file(file)->get({}); });
  }
};

TEST_F(GoogleCredentialsTest, AServiceAccountSignsAnAssertion) {
  answer_ = [](const HttpRequest&) { return oauth_token("ya29.one"); };
  const auto provider = of_file(key_file());
  EXPECT_THAT(provider->origin(), HasSubstr(kAccount));
  EXPECT_TRUE(http_->requests.empty());
  const GoogleToken token = provider->get({});
  EXPECT_EQ(token.text, "ya29.one");
  EXPECT_EQ(token.expires, clock_.now() + std::chrono::seconds(3599));
  EXPECT_EQ(http_->requests.at(0).method, "POST");
  EXPECT_EQ(http_->requests.at(0).url, "https://oauth2.googleapis.com/token");
  auto fields = form(0);
  EXPECT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
  const auto parts = take_apart_jwt(fields["assertion"]);
  ASSERT_TRUE(parts);
  EXPECT_TRUE(test_key().verifies(parts->signed_text, parts->signature));
  EXPECT_EQ(Json::parse(parts->header), (Json{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "key-1"}}));
  EXPECT_EQ(Json::parse(parts->claims), (Json{{"iss", kAccount},
                                              {"scope", "scope-a scope-b"},
                                              {"aud", "https://oauth2.googleapis.com/token"},
                                              {"iat", kNow},
                                              {"exp", kNow + 3600}}));
}

TEST_F(GoogleCredentialsTest, ATokenIsFetchedAgainBeforeItExpires) {
  int asked = 0;
  answer_ = [&](const HttpRequest&) { return oauth_token(std::to_string(++asked), 3600); };
  const auto provider = of_file(key_file());
  EXPECT_EQ(provider->get({}).text, "1");
  clock_.advance(std::chrono::seconds(3600 - 225));
  EXPECT_EQ(provider->get({}).text, "1");
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(provider->get({}).text, "2");
  EXPECT_EQ(asked, 2);
}

TEST_F(GoogleCredentialsTest, AnOldTokenServesWhileGoogleIsAway) {
  answer_ = [](const HttpRequest&) { return oauth_token("old", 3600); };
  const auto provider = of_file(key_file());
  provider->get({});
  answer_ = [](const HttpRequest&) { return answer(503); };
  clock_.advance(std::chrono::seconds(3600 - 200));
  EXPECT_EQ(provider->get({}).text, "old");
  clock_.advance(std::chrono::seconds(150));
  EXPECT_EQ(kind_thrown_by([&] { provider->get({}); }), ErrorKind::kUnavailable);
}

TEST_F(GoogleCredentialsTest, ManyThreadsAskOnce) {
  answer_ = [](const HttpRequest&) { return oauth_token("one"); };
  const auto provider = of_file(key_file());
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { provider->get({}); });
  threads.clear();
  EXPECT_EQ(http_->requests.size(), 1u);
}

TEST_F(GoogleCredentialsTest, AChangedKeyFileIsReadAgain) {
  answer_ = [](const HttpRequest&) { return oauth_token("one", 3600); };
  const auto provider = of_file(key_file());
  provider->get({});
  Json changed = key_file();
  changed["private_key_id"] = "key-2";
  write("key.json", changed);
  clock_.advance(std::chrono::hours(1));
  provider->get({});
  EXPECT_THAT(take_apart_jwt(form(1)["assertion"])->header, HasSubstr("key-2"));
}

TEST_F(GoogleCredentialsTest, AUsersLoginIsRefreshed) {
  answer_ = [](const HttpRequest&) { return oauth_token("ya29.user"); };
  const GoogleToken token = of_file(user_file())->get({});
  EXPECT_EQ(token.text, "ya29.user");
  EXPECT_EQ(http_->requests.at(0).url, "https://oauth2.googleapis.com/token");
  EXPECT_EQ(form(0), (std::map<std::string, std::string>{{"grant_type", "refresh_token"},
                                                         {"client_id", "id"},
                                                         {"client_secret", "client-s3cr3t"},
                                                         {"refresh_token", "1//refresh-s3cr3t"}}));
  EXPECT_EQ(token.quota_project, "payer");
  const HttpHeaders headers = authorization_headers(token);
  EXPECT_EQ(*find_header(headers, "authorization"), "Bearer ya29.user");
  EXPECT_EQ(*find_header(headers, "x-goog-user-project"), "payer");
  variables_["GOOGLE_CLOUD_QUOTA_PROJECT"] = "other";
  EXPECT_EQ(of_file(user_file())->get({}).quota_project, "other");
}

TEST_F(GoogleCredentialsTest, WhatGoogleRefusesIsToldWithoutASecret) {
  answer_ = [](const HttpRequest& request) {
    const std::string sent(reinterpret_cast<const char*>(request.body.data()), request.body.size());
    const std::string secret = percent_decode(sent.substr(sent.rfind('=') + 1));
    return answer(
        400,
        Json{{"error", "invalid_grant"}, {"error_description", "Bad Request: " + secret}}.dump());
  };
  for (const Json& file : {user_file(), key_file()}) {
    const Error error = failure_of(file);
    EXPECT_EQ(error.kind(), ErrorKind::kPermissionDenied);
    EXPECT_THAT(error.what(), HasSubstr("invalid_grant: Bad Request: ***"));
    EXPECT_THAT(error.what(), HasSubstr("gcloud auth application-default login"));
    EXPECT_THAT(error.what(), HasSubstr("key.json"));
    EXPECT_THAT(error.what(), Not(HasSubstr("s3cr3t")));
    EXPECT_THAT(error.what(), Not(HasSubstr("eyJ")));
  }
  EXPECT_EQ(http_->requests.size(), 2u) << "a refusal is not tried again";
}

TEST_F(GoogleCredentialsTest, WhatMayPassIsTriedAgain) {
  answer_ = [this](const HttpRequest&) {
    switch (http_->requests.size()) {
      case 1: return answer(503);
      case 2: return answer(400, R"({"error": "temporarily_unavailable"})");
      case 3: return no_answer(HttpFailure::Kind::kNoAnswer);
      default: return oauth_token("late");
    }
  };
  EXPECT_EQ(of_file(key_file())->get({}).text, "late");
  EXPECT_EQ(http_->requests.size(), 4u);
}

TEST_F(GoogleCredentialsTest, AnAnswerWithoutATokenIsNoToken) {
  for (const char* body :
       {"", "<html>", "[]", "{}", R"({"access_token": "t"})",
        R"({"access_token": "", "expires_in": 5})", R"({"access_token": "t", "expires_in": "x"})",
        R"({"access_token": "t", "expires_in": -5})",
        R"({"access_token": "t", "expires_in": 99999999999999})"}) {
    answer_ = [=](const HttpRequest&) { return answer(200, body); };
    EXPECT_EQ(failure_of(key_file()).kind(), ErrorKind::kInvalidData) << body;
  }
}

TEST_F(GoogleCredentialsTest, AFileIsCheckedAsAWholeAndNotShown) {
  Json file = {{"type", "service_account"},
               {"private_key", "hunter2"},
               {"client_email", 5},
               {"token_uri", "http://oauth2.googleapis.com/token"}};
  const Error error = error_thrown_by([&] { of_file(file); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
  for (const char* part : {"key.json", "'private_key' is not an RSA key", "'client_email' is not",
                           "'token_uri' is not an https:// URL"}) {
    EXPECT_THAT(error.what(), HasSubstr(part));
  }
  EXPECT_THAT(error.what(), Not(HasSubstr("hunter2")));
  file = user_file();
  file.erase("refresh_token");
  file["client_secret"] = "";
  const Error user = error_thrown_by([&] { of_file(file); });
  EXPECT_THAT(user.what(), HasSubstr("'client_secret' is empty; 'refresh_token' is missing"));
}

TEST_F(GoogleCredentialsTest, BrokenFilesAreMistakesOfTheConfiguration) {
  for (const char* text : {"", "{", "[]", "{}", R"({"type": 5})", R"({"type": null})",
                           R"({"type": "impersonated_service_account"})",
                           R"({"type": "impersonated_service_account", "source_credentials": {}})",
                           R"({"type": "external_account", "credential_source": {}})"}) {
    const std::string path = write("broken.json", std::string(text));
    const Error error =
        error_thrown_by([&] { google_credentials_of_file(session(), path, {"a"}); });
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig) << text;
    EXPECT_THAT(error.what(), HasSubstr("broken.json"));
  }
  EXPECT_EQ(kind_thrown_by([&] { google_credentials_of_file(session(), "/nowhere/x", {"a"}); }),
            ErrorKind::kInvalidConfig);
  EXPECT_EQ(kind_thrown_by([&] { google_credentials_of_file(session(), home_ / "", {"a"}); }),
            ErrorKind::kInvalidConfig);
}

TEST_F(GoogleCredentialsTest, AnotherKindOfFileIsNamedWithThoseThatWork) {
  const Error error = error_thrown_by([&] { of_file({{"type", "gdch_service_account"}}); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  for (const char* part : {"gdch_service_account",
                           "service_account, authorized_user, "
                           "external_account, impersonated_service_account"}) {
    EXPECT_THAT(error.what(), HasSubstr(part));
  }
  Json elsewhere = key_file();
  elsewhere["universe_domain"] = "example.cloud";
  EXPECT_EQ(kind_thrown_by([&] { of_file(elsewhere); }), ErrorKind::kUnsupported);
}

TEST_F(GoogleCredentialsTest, ATokenUrlOfThisMachineNeedsNoTls) {
  answer_ = [](const HttpRequest&) { return oauth_token("t"); };
  Json file = key_file();
  file["token_uri"] = "http://localhost:8080/token";
  EXPECT_EQ(of_file(file)->get({}).text, "t");
  EXPECT_EQ(http_->requests.at(0).url, "http://localhost:8080/token");
  EXPECT_FALSE(http_->requests.at(0).may_use_proxy);
}

TEST_F(GoogleCredentialsTest, TheFileOfTheEnvironmentComesFirst) {
  answer_ = [](const HttpRequest&) { return oauth_token("t"); };
  write(".config/gcloud/application_default_credentials.json", user_file());
  variables_["GOOGLE_APPLICATION_CREDENTIALS"] = write("named.json", key_file());
  const auto provider = of_defaults();
  EXPECT_THAT(provider->origin(), HasSubstr("application default credentials"));
  provider->get({});
  EXPECT_EQ(provider->origin(), std::string("the service account ") + kAccount + " of '" +
                                    (home_ / "named.json") + "'");
  // A file that is named and not there is a mistake, no reason to look elsewhere.
  variables_["GOOGLE_APPLICATION_CREDENTIALS"] = "/nowhere.json";
  const Error error = error_thrown_by([&] { of_defaults()->get({}); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
  EXPECT_THAT(error.what(), HasSubstr("GOOGLE_APPLICATION_CREDENTIALS"));
}

TEST_F(GoogleCredentialsTest, GcloudsFileComesNext) {
  answer_ = [](const HttpRequest&) { return oauth_token("t"); };
  write(".config/gcloud/application_default_credentials.json", user_file());
  EXPECT_EQ(of_defaults()->get({}).quota_project, "payer");
  variables_["CLOUDSDK_CONFIG"] = home_ / "other";
  Json other = user_file();
  other["quota_project_id"] = "elsewhere";
  write("other/application_default_credentials.json", other);
  EXPECT_EQ(of_defaults()->get({}).quota_project, "elsewhere");
}

TEST_F(GoogleCredentialsTest, TheMetadataServerComesLast) {
  answer_ = [](const HttpRequest& request) {
    return metadata(request.url.ends_with("/") ? answer(200) : oauth_token("of-machine"));
  };
  const auto provider = of_defaults();
  EXPECT_EQ(provider->get({}).text, "of-machine");
  EXPECT_EQ(provider->origin(), "this machine's service account");
  EXPECT_EQ(http_->requests.at(0).url, "http://metadata.google.internal/");
  EXPECT_EQ(http_->requests.at(1).url,
            "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/"
            "token?scopes=scope-a%2Cscope-b");
  for (const std::size_t i : {0u, 1u}) {
    EXPECT_EQ(header(i, "metadata-flavor"), "Google");
    EXPECT_FALSE(http_->requests.at(i).may_use_proxy);
    EXPECT_LE(http_->requests.at(i).total_timeout, std::chrono::seconds(5));
  }
  variables_["GCE_METADATA_IP"] = "10.0.0.1";
  of_defaults()->get({});
  EXPECT_EQ(http_->requests.back().url.substr(0, 16), "http://10.0.0.1/");
  variables_["GCE_METADATA_HOST"] = "localhost:99";
  of_defaults()->get({});
  EXPECT_EQ(http_->requests.back().url.substr(0, 20), "http://localhost:99/");
}

TEST_F(GoogleCredentialsTest, AnybodyElseAtTheMetadataAddressIsNotBelieved) {
  answer_ = [](const HttpRequest&) { return oauth_token("evil"); };
  const Error error = error_thrown_by([&] { of_defaults()->get({}); });
  EXPECT_EQ(error.kind(), ErrorKind::kPermissionDenied);
  EXPECT_THAT(error.what(), HasSubstr("is not Google's"));
  // Nor in the second answer.
  answer_ = [](const HttpRequest& request) {
    return request.url.ends_with("/") ? metadata(answer(200)) : oauth_token("evil");
  };
  EXPECT_EQ(kind_thrown_by([&] { of_defaults()->get({}); }), ErrorKind::kPermissionDenied);
}

TEST_F(GoogleCredentialsTest, AMachineWithoutServiceAccountSaysSo) {
  answer_ = [](const HttpRequest& request) {
    return metadata(answer(request.url.ends_with("/") ? 200 : 404));
  };
  const Error error = error_thrown_by([&] { of_defaults()->get({}); });
  EXPECT_EQ(error.kind(), ErrorKind::kPermissionDenied);
  EXPECT_THAT(error.what(), HasSubstr("no service account"));
}

TEST_F(GoogleCredentialsTest, AMetadataServerThatWasThereIsNotForgotten) {
  answer_ = [](const HttpRequest& request) {
    return metadata(request.url.ends_with("/") ? answer(200) : oauth_token("t", 3600));
  };
  const auto provider = of_defaults();
  provider->get({});
  answer_ = [](const HttpRequest&) { return no_answer(HttpFailure::Kind::kNotSent); };
  clock_.advance(std::chrono::minutes(57));
  EXPECT_EQ(provider->get({}).text, "t");
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(kind_thrown_by([&] { provider->get({}); }), ErrorKind::kUnavailable);
}

TEST_F(GoogleCredentialsTest, WithoutAnyTheErrorTellsWhereItLooked) {
  const Error error = error_thrown_by([&] { of_defaults()->get({}); });
  EXPECT_EQ(error.kind(), ErrorKind::kPermissionDenied);
  for (const char* part :
       {"GOOGLE_APPLICATION_CREDENTIALS is not set", "application_default_credentials.json",
        "http://metadata.google.internal does not answer (no route to host)", "gcloud auth"}) {
    EXPECT_THAT(error.what(), HasSubstr(part));
  }
  EXPECT_EQ(http_->requests.size(), 2u) << "an address that may not exist is not asked for long";
  variables_["NO_GCE_CHECK"] = "true";
  EXPECT_THAT(error_thrown_by([&] { of_defaults()->get({}); }).what(), HasSubstr("NO_GCE_CHECK"));
  EXPECT_EQ(http_->requests.size(), 2u);
}

TEST_F(GoogleCredentialsTest, AServiceAccountIsImpersonatedAndAgainBeforeItsTokenEnds) {
  answer_ = [](const HttpRequest&) { return impersonated("theirs", "2026-05-01T12:30:00Z"); };
  const auto provider =
      impersonated_google_credentials(session(), given_google_token("ours", "a test"), kAccount,
                                      {"scope-a"}, std::chrono::seconds(1800));
  const GoogleToken token = provider->get({});
  EXPECT_EQ(token.text, "theirs");
  EXPECT_EQ(token.expires, parse_iso8601("2026-05-01T12:30:00Z"));
  EXPECT_EQ(provider->origin(),
            std::string("the service account ") + kAccount + ", impersonated with a test");
  EXPECT_EQ(http_->requests.at(0).method, "POST");
  EXPECT_EQ(http_->requests.at(0).url,
            "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
            "etl%40client.iam.gserviceaccount.com:generateAccessToken");
  EXPECT_EQ(header(0, "authorization"), "Bearer ours");
  EXPECT_EQ(header(0, "content-type"), "application/json");
  EXPECT_EQ(Json::parse(http_->bodies.at(0)),
            (Json{{"scope", {"scope-a"}}, {"lifetime", "1800s"}}));
  clock_.advance(std::chrono::minutes(26));
  provider->get({});
  EXPECT_EQ(http_->requests.size(), 1u);
  clock_.advance(std::chrono::seconds(30));
  provider->get({});
  EXPECT_EQ(http_->requests.size(), 2u);
}

TEST_F(GoogleCredentialsTest, ARefusedImpersonationNamesTheRole) {
  answer_ = [](const HttpRequest&) {
    return answer(403, R"({"error": {"code": 403, "message": "Permission denied for ours-s3cr3t",
                           "status": "PERMISSION_DENIED", "details": [{
                           "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                           "reason": "IAM_PERMISSION_DENIED", "domain": "iam.googleapis.com"}]}})");
  };
  const auto provider = impersonated_google_credentials(
      session(), given_google_token("ours-s3cr3t", "a test"), kAccount, {"scope-a"});
  const Error error = error_thrown_by([&] { provider->get({}); });
  EXPECT_EQ(error.kind(), ErrorKind::kPermissionDenied);
  for (const char* part : {kAccount, "IAM_PERMISSION_DENIED",
                           "roles/iam.serviceAccountTokenCreator", "credentials from a test"}) {
    EXPECT_THAT(error.what(), HasSubstr(part));
  }
  EXPECT_THAT(error.what(), Not(HasSubstr("s3cr3t")));
  answer_ = [](const HttpRequest&) { return answer(404); };
  EXPECT_EQ(kind_thrown_by([&] { provider->get({}); }), ErrorKind::kNotFound);
  answer_ = [](const HttpRequest&) { return answer(200, R"({"accessToken": "t"})"); };
  EXPECT_EQ(kind_thrown_by([&] { provider->get({}); }), ErrorKind::kInvalidData);
}

TEST_F(GoogleCredentialsTest, AnImpersonationThatCannotWorkIsAMistakeAtOnce) {
  const auto make = [&](const std::string& account, std::chrono::seconds lifetime,
                        const std::string& url) {
    return kind_thrown_by([&] {
      impersonated_google_credentials(session(), given_google_token("", "x"), account, {}, lifetime,
                                      url);
    });
  };
  const std::chrono::hours hour(1);
  EXPECT_EQ(make("", hour, "https://h"), ErrorKind::kInvalidConfig);
  EXPECT_EQ(make(kAccount, std::chrono::seconds(0), "https://h"), ErrorKind::kInvalidConfig);
  EXPECT_EQ(make(kAccount, 13 * hour, "https://h"), ErrorKind::kInvalidConfig);
  EXPECT_EQ(make(kAccount, hour, "http://example.com"), ErrorKind::kInvalidConfig);
}

TEST_F(GoogleCredentialsTest, GcloudsImpersonationGoesByItsSource) {
  answer_ = [](const HttpRequest& request) {
    return request.url.find("generateAccessToken") == std::string::npos
               ? oauth_token("ours")
               : impersonated("theirs", "2026-05-01T13:00:00Z");
  };
  Json source = user_file();
  source.erase("quota_project_id");
  const Json file = {{"type", "impersonated_service_account"},
                     {"delegates", {"projects/-/serviceAccounts/between@p"}},
                     {"quota_project_id", "payer"},
                     {"service_account_impersonation_url",
                      "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/" +
                          std::string(kAccount) + ":generateAccessToken"},
                     {"source_credentials", source}};
  const GoogleToken token = of_file(file)->get({});
  EXPECT_EQ(token.text, "theirs");
  EXPECT_EQ(token.quota_project, "payer");
  EXPECT_EQ(header(1, "authorization"), "Bearer ours");
  EXPECT_EQ(header(1, "x-goog-user-project"), "payer");
  EXPECT_EQ(Json::parse(http_->bodies.at(1)),
            (Json{{"scope", {"scope-a", "scope-b"}},
                  {"lifetime", "3600s"},
                  {"delegates", {"projects/-/serviceAccounts/between@p"}}}));
  Json nested = file;
  for (int i = 0; i < 5; ++i) {
    Json outer = file;
    outer["source_credentials"] = nested;
    nested = outer;
  }
  EXPECT_EQ(kind_thrown_by([&] { of_file(nested); }), ErrorKind::kInvalidConfig);
  Json wrong = file;
  wrong["source_credentials"].erase("client_id");
  EXPECT_THAT(error_thrown_by([&] { of_file(wrong); }).what(),
              HasSubstr("'source_credentials.client_id' is missing"));
}

TEST_F(GoogleCredentialsTest, EmulatorsGetNoTokenOrAGivenOne) {
  const auto none = given_google_token("", "an emulator");
  EXPECT_TRUE(authorization_headers(none->get({})).empty());
  EXPECT_EQ(none->origin(), "an emulator");
  const HttpHeaders headers = authorization_headers(given_google_token("t", "x")->get({}));
  ASSERT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers[0].value, "Bearer t");
}

TEST_F(GoogleCredentialsTest, AStopEndsTheWaiting) {
  std::stop_source stop;
  answer_ = [&](const HttpRequest&) {
    stop.request_stop();
    return answer(503);
  };
  const auto provider = of_file(key_file());
  EXPECT_EQ(kind_thrown_by([&] { provider->get(stop.get_token()); }), ErrorKind::kCancelled);
}

}  // namespace
}  // namespace finops
