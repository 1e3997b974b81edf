#include "finops/net/google/oidc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "finops/core/base64url.h"
#include "finops/net/http_date.h"
#include "tests/support/rsa_key_pair.h"
#include "tests/support/scripted_http.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

constexpr const char* kAudience = "https://finops.example/push";
constexpr const char* kEmail = "push@project.iam.gserviceaccount.com";
constexpr std::int64_t kNow = 1'777'636'800;  // 2026-05-01T12:00:00Z

Json jwk(const RsaKeyPair& key, const std::string& kid) {
  return {{"kty", "RSA"},
          {"alg", "RS256"},
          {"use", "sig"},
          {"kid", kid},
          {"n", base64url(key.modulus())},
          {"e", base64url(key.exponent())}};
}

std::string token_of(const Json& header, const Json& claims, const RsaKeyPair& key = test_key()) {
  const std::string text = base64url(header.dump()) + "." + base64url(claims.dump());
  return text + "." + base64url(key.sign(text));
}

class OidcTest : public ::testing::Test {
 protected:
  OidcVerifier verifier(OidcExpectation expected = {.audience = kAudience, .email = kEmail}) {
    return {{http_, clock_, Environment(), std::make_shared<RetryBudget>()}, std::move(expected)};
  }
  OidcIdentity verify(const std::string& token) { return verifier().verify(token, {}); }
  std::string token() const { return token_of(header_, claims_); }
  /// The error for the token of header_ and claims_, which has to be a refusal.
  std::string refusal() { return refusal_of(token()); }
  std::string refusal_of(const std::string& token) {
    const Error error = error_thrown_by([&] { verify(token); });
    EXPECT_EQ(error.kind(), ErrorKind::kPermissionDenied) << error.what();
    for (std::size_t at = 0; at + 20 < token.size(); at += 20) {
      EXPECT_THAT(error.what(), Not(HasSubstr(token.substr(at, 20))));
    }
    return error.what();
  }

  ManualClock clock_{TimePoint(std::chrono::seconds(kNow))};
  Json header_{{"alg", "RS256"}, {"kid", "k1"}, {"typ", "JWT"}};
  Json claims_{{"iss", "https://accounts.google.com"},
               {"aud", kAudience},
               {"sub", "1234"},
               {"email", kEmail},
               {"email_verified", true},
               {"iat", kNow - 10},
               {"exp", kNow + 3590}};
  Json keys_ = Json::array({jwk(test_key(), "k1")});
  HttpHeaders key_headers_ = {{"Cache-Control", "public, max-age=20000, must-revalidate"}};
  std::function<HttpResponse(const HttpRequest&)> answer_ = [this](const HttpRequest&) {
    return answer(200, Json{{"keys", keys_}}.dump(), key_headers_);
  };
  std::shared_ptr<ScriptedHttp> http_ = std::make_shared<ScriptedHttp>(
      [this](const HttpRequest& request) { return answer_(request); });
};

TEST_F(OidcTest, LetsInAGoodToken) {
  const OidcIdentity identity = verify(token());
  EXPECT_EQ(identity.subject, "1234");
  EXPECT_EQ(identity.email, kEmail);
  EXPECT_EQ(identity.expires, clock_.now() + std::chrono::seconds(3590));
  EXPECT_EQ(http_->requests.at(0).url, "https://www.googleapis.com/oauth2/v3/certs");
  claims_["iss"] = "accounts.google.com";
  EXPECT_NO_THROW(verify(token()));
}

TEST_F(OidcTest, EveryClaimCounts) {
  const std::vector<std::tuple<const char*, Json, const char*>> cases = {
      {"iss", "https://evil.example", "another issuer"},
      {"iss", nullptr, "another issuer"},
      {"aud", "https://finops.example/push/", "another audience"},
      {"aud", Json::array({kAudience}), "another audience"},
      {"aud", "", "another audience"},
      {"email", "other@project.iam.gserviceaccount.com", "not of '"},
      {"email", "", "not of '"},
      {"email_verified", false, "not of '"},
      {"email_verified", "true", "not of '"},
      {"email_verified", nullptr, "not of '"},
      {"exp", kNow - 60, "expired"},
      {"exp", nullptr, "no times"},
      {"exp", "9999999999", "no times"},
      {"exp", -1, "no times"},
      {"exp", 1e300, "no times"},
      {"exp", std::numeric_limits<std::uint64_t>::max(), "no times"},
      {"iat", kNow + 61, "future"},
      {"iat", nullptr, "no times"},
      {"nbf", kNow + 61, "not valid yet"},
      {"nbf", "now", "not valid yet"},
  };
  for (const auto& [name, value, why] : cases) {
    const Json right = claims_;
    claims_[name] = value;
    EXPECT_THAT(refusal(), HasSubstr(why)) << name << " " << value;
    claims_ = right;
    claims_.erase(name);
    if (std::string_view(name) != "nbf") refusal();
    claims_ = right;
  }
}

TEST_F(OidcTest, AMinuteOfWrongClocksIsForgiven) {
  claims_["exp"] = kNow - 59;
  EXPECT_NO_THROW(verify(token()));
  claims_["exp"] = kNow + 100;
  claims_["iat"] = kNow + 60;
  EXPECT_NO_THROW(verify(token()));
}

TEST_F(OidcTest, ATokenDoesNotChooseItsAlgorithm) {
  for (const char* algorithm : {"none", "None", "HS256", "RS512", "PS256", "ES256", ""}) {
    header_["alg"] = algorithm;
    EXPECT_THAT(refusal(), HasSubstr("RS256")) << algorithm;
    const std::string unsigned_token = token().substr(0, token().rfind('.') + 1);
    EXPECT_THAT(refusal_of(unsigned_token), HasSubstr("RS256"));
  }
  EXPECT_TRUE(http_->requests.empty()) << "no key is needed to refuse these";
  header_ = {{"alg", "RS256"}, {"kid", "k1"}, {"crit", Json::array({"exp"})}};
  EXPECT_THAT(refusal(), HasSubstr("critical"));
  header_ = {{"alg", "RS256"}};
  EXPECT_THAT(refusal(), HasSubstr("no key"));
}

TEST_F(OidcTest, AnotherKeysSignatureAndAChangedPayloadDoNotHold) {
  const RsaKeyPair other;
  EXPECT_THAT(refusal_of(token_of(header_, claims_, other)), HasSubstr("signature does not hold"));
  const std::string good = token();
  const std::string signature = good.substr(good.rfind('.'));
  claims_["sub"] = "root";
  EXPECT_THAT(refusal_of(base64url(header_.dump()) + "." + base64url(claims_.dump()) + signature),
              HasSubstr("signature does not hold"));
  EXPECT_THAT(refusal_of(good.substr(0, good.rfind('.') + 1)),
              HasSubstr("signature does not hold"));
}

TEST_F(OidcTest, KeysForOtherThingsAreNotUsed) {
  for (const auto& [name, value] :
       {std::pair("use", "enc"), std::pair("alg", "RS512"), std::pair("kty", "EC"),
        std::pair("e", "AQ"), std::pair("n", "!!"), std::pair("kid", "")}) {
    keys_[0] = jwk(test_key(), "k1");
    keys_[0][name] = value;
    keys_[1] = jwk(test_key(), "other");
    EXPECT_THAT(refusal(), HasSubstr("not among the issuer's")) << name;
  }
}

TEST_F(OidcTest, KeysAreKeptUntilTheirMaxAgeIsOver) {
  OidcVerifier one = verifier();
  claims_["exp"] = kNow + 100'000;
  one.verify(token(), {});
  clock_.advance(std::chrono::seconds(19'999));
  one.verify(token(), {});
  EXPECT_EQ(http_->requests.size(), 1u);
  clock_.advance(std::chrono::seconds(1));
  // A key that was withdrawn is no longer good.
  keys_ = Json::array({jwk(test_key(), "k2")});
  EXPECT_EQ(kind_thrown_by([&] { one.verify(token(), {}); }), ErrorKind::kPermissionDenied);
  EXPECT_EQ(http_->requests.size(), 2u);
}

TEST_F(OidcTest, TheAgeOfAStoredAnswerIsTakenOff) {
  key_headers_.push_back({"age", "19000"});
  OidcVerifier one = verifier();
  one.verify(token(), {});
  clock_.advance(std::chrono::seconds(1000));
  one.verify(token(), {});
  EXPECT_EQ(http_->requests.size(), 2u);
}

TEST_F(OidcTest, AnUnknownKeyIsLookedForOnceAMinute) {
  OidcVerifier one = verifier();
  one.verify(token(), {});
  header_["kid"] = "k2";
  keys_.push_back(jwk(test_key(), "k2"));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(kind_thrown_by([&] { one.verify(token(), {}); }), ErrorKind::kPermissionDenied);
  }
  EXPECT_EQ(http_->requests.size(), 1u) << "the keys are not a minute old";
  clock_.advance(std::chrono::minutes(1));
  EXPECT_NO_THROW(one.verify(token(), {}));
  EXPECT_EQ(http_->requests.size(), 2u);
}

TEST_F(OidcTest, WithoutKeysNobodyIsLetInAndNobodyIsBlamed) {
  OidcVerifier one = verifier();
  for (const auto& bad : {answer(404, "no"), answer(200, "<html>"), answer(200, R"({"keys": []})"),
                          answer(503, "later"), no_answer(HttpFailure::Kind::kNotSent)}) {
    answer_ = [&](const HttpRequest&) { return bad; };
    EXPECT_EQ(kind_thrown_by([&] { one.verify(token(), {}); }), ErrorKind::kUnavailable);
    const std::size_t asked = http_->requests.size();
    EXPECT_EQ(kind_thrown_by([&] { one.verify(token(), {}); }), ErrorKind::kUnavailable);
    EXPECT_EQ(http_->requests.size(), asked) << "a storm of tokens is no storm of requests";
    clock_.advance(std::chrono::seconds(10));
  }
}

TEST_F(OidcTest, OldKeysServeForAnHourWhenThereAreNoNewOnes) {
  OidcVerifier one = verifier();
  claims_["exp"] = kNow + 100'000;
  one.verify(token(), {});
  answer_ = [](const HttpRequest&) { return answer(500); };
  clock_.advance(std::chrono::seconds(20'000));
  EXPECT_NO_THROW(one.verify(token(), {}));
  EXPECT_GT(http_->requests.size(), 1u);
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(kind_thrown_by([&] { one.verify(token(), {}); }), ErrorKind::kUnavailable);
}

TEST_F(OidcTest, AnExpectationThatLetsInAnybodyIsAMistake) {
  const OidcExpectation right{.audience = kAudience, .email = kEmail};
  std::vector<OidcExpectation> wrong(5, right);
  wrong[0].audience.clear();
  wrong[1].email.clear();
  wrong[2].issuers.clear();
  wrong[3].issuers.emplace_back();
  wrong[4].keys_url = "http://www.googleapis.com/oauth2/v3/certs";
  for (const OidcExpectation& one : wrong) {
    EXPECT_EQ(kind_thrown_by([&] { verifier(one); }), ErrorKind::kInvalidConfig);
  }
  OidcExpectation local = right;
  local.keys_url = "http://127.0.0.1:8080/certs";
  local.issuers = {"https://issuer.example"};
  claims_["iss"] = "https://issuer.example";
  EXPECT_NO_THROW(verifier(local).verify(token(), {}));
  EXPECT_EQ(http_->requests.at(0).url, local.keys_url);
}

TEST_F(OidcTest, TooLongATokenIsNotEvenTakenApart) {
  EXPECT_THAT(refusal_of(std::string(17 << 10, 'a')), HasSubstr("16 KiB"));
}

TEST_F(OidcTest, WhatIsBrokenIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("x"), std::string(".."), std::string("a.b.c"),
        base64url("[]") + "." + base64url("{}") + ".", base64url("{") + "." + base64url("{}") + ".",
        base64url(std::string(6000, '[')) + "." + base64url("{}") + "."}) {
    refusal_of(text);
  }
  // Signed, and yet no object.
  for (const Json& claims : {Json::array(), Json(1), Json("x"), Json()}) {
    EXPECT_THAT(refusal_of(token_of(header_, claims)), HasSubstr("payload"));
  }
}

TEST_F(OidcTest, NoChangeOfATokenIsLetIn) {
  const std::string good = token();
  OidcVerifier one = verifier();
  one.verify(good, {});
  std::mt19937 random(7);  // NOLINT: the same each time
  const auto below = [&](std::size_t end) { return random() % end; };
  for (int i = 0; i < 3000; ++i) {
    std::string bad = good;
    const std::size_t at = below(bad.size());
    switch (below(4)) {
      case 0: bad[at] = static_cast<char>(bad[at] ^ (1 << below(8))); break;
      case 1: bad.erase(at, 1 + below(8)); break;
      case 2: bad.insert(at, 1, "A.-_=\0{"[below(7)]); break;
      default: std::swap(bad[at], bad[below(bad.size())]); break;
    }
    if (bad == good) continue;
    EXPECT_EQ(kind_thrown_by([&] { one.verify(bad, {}); }), ErrorKind::kPermissionDenied) << bad;
  }
}

}  // namespace
}  // namespace finops
