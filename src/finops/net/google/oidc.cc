#include "finops/net/google/oidc.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/core/base64url.h"
#include "finops/core/error.h"
#include "finops/net/google/credential_file.h"
#include "finops/net/google/google_error.h"
#include "finops/net/google/json_fields.h"
#include "finops/net/google/jwt.h"

namespace finops {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestToken = 16 << 10;
constexpr std::uint64_t kLongestKeySet = 256 << 10;
constexpr std::size_t kMostKeys = 64;
constexpr std::chrono::minutes kSlack{1};
constexpr std::chrono::minutes kBetweenFetches{1};
constexpr std::chrono::seconds kAfterFailure{10};
constexpr std::chrono::hours kGrace{1};

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorKind::kPermissionDenied, "the identity token is not accepted: " + why);
}

Json object_in(const std::string& text, const char* what) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) refuse(std::string("its ") + what + " is not a JSON object");
  return json;
}

/// Seconds since 1970 (RFC 7519, NumericDate); Google's are whole.
std::optional<TimePoint> time_of(const Json& claims, const char* name) {
  constexpr std::int64_t kLast = 253'402'300'799;  // of the year 9999
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number_integer()) return std::nullopt;
  if (*found < 0 || *found > kLast) return std::nullopt;
  return TimePoint(std::chrono::seconds(found->get<std::int64_t>()));
}

void check_header(const Json& header) {
  // A token must not choose how it is verified: "none", or HS256 with the public key as its secret.
  if (text_of(header, "alg") != "RS256") refuse("it is not signed with RS256");
  if (header.contains("crit")) refuse("it has critical extensions");
  if (text_of(header, "kid").empty()) refuse("it names no key");
}

OidcIdentity identity_of(const Json& claims, const OidcExpectation& expected, TimePoint now) {
  if (std::ranges::count(expected.issuers, text_of(claims, "iss")) == 0) {
    refuse("it is of another issuer");
  }
  if (text_of(claims, "aud") != expected.audience) {
    refuse("it is for another audience than '" + expected.audience + "'");
  }
  const auto issued = time_of(claims, "iat"), expires = time_of(claims, "exp");
  if (!issued || !expires) refuse("it has no times of issue and end");
  if (*expires + kSlack <= now) refuse("it has expired");
  if (*issued - kSlack > now) refuse("it is of the future; is this machine's clock right?");
  if (claims.contains("nbf")) {
    const auto begins = time_of(claims, "nbf");
    if (!begins || *begins - kSlack > now) refuse("it is not valid yet");
  }
  const auto verified = claims.find("email_verified");
  const bool is_verified = verified != claims.end() && verified->is_boolean() && *verified == true;
  if (text_of(claims, "email") != expected.email || !is_verified) {
    refuse("it is not of '" + expected.email + "' with a verified e-mail address");
  }
  return {text_of(claims, "sub"), expected.email, *expires};
}

/// The seconds behind `name` in "public, max-age=20000, no-transform"; nothing when it is not
/// there.
std::optional<std::int64_t> seconds_of(const std::string& text, std::string_view name) {
  const std::string lower = ascii_lower(text);
  const std::size_t at = lower.find(name);
  if (at == std::string::npos) return std::nullopt;
  std::int64_t seconds = 0;
  const char* begin = lower.data() + at + name.size();
  const auto [end, error] = std::from_chars(begin, lower.data() + lower.size(), seconds);
  if (error != std::errc() || seconds < 0) return std::nullopt;
  return seconds;
}

/// How long the keys may be used without asking again (RFC 9111).
Duration life_of(const HttpResponse& response) {
  constexpr std::int64_t kDefault = 300, kShortest = 60, kLongest = 86'400;
  const std::string* control = find_header(response.headers, "cache-control");
  const std::string* age = find_header(response.headers, "age");
  std::int64_t life = kDefault;
  if (control != nullptr) life = seconds_of(*control, "max-age=").value_or(kDefault);
  life = std::min(life, kLongest);
  if (age != nullptr) life -= std::min(seconds_of(*age, "").value_or(0), kLongest);
  return std::chrono::seconds(std::max(life, kShortest));
}

/// Nothing for a key that is not for RS256.
std::optional<RsaPublicKey> public_key_in(const Json& key) {
  if (text_of(key, "kty") != "RSA" || text_of(key, "kid").empty()) return std::nullopt;
  const std::string use = text_of(key, "use"), algorithm = text_of(key, "alg");
  if (!use.empty() && use != "sig") return std::nullopt;
  if (!algorithm.empty() && algorithm != "RS256") return std::nullopt;
  const auto modulus = from_base64url(text_of(key, "n"));
  const auto exponent = from_base64url(text_of(key, "e"));
  if (!modulus || !exponent) return std::nullopt;
  return RsaPublicKey::of_numbers(*modulus, *exponent);
}

}  // namespace

OidcVerifier::OidcVerifier(const GoogleSession& session, OidcExpectation expected)
    : clock_(session.clock),
      expected_(std::move(expected)),
      http_(session.http, session.clock,
            RetryPolicy{.attempts = 2, .longest_retry_after = std::chrono::seconds(2)},
            session.budget) {
  const auto refuse_config = [](const std::string& why) {
    throw Error(ErrorKind::kInvalidConfig, "verify identity tokens: " + why);
  };
  if (expected_.audience.empty()) refuse_config("there is no audience that they have to be for");
  if (expected_.email.empty()) {
    refuse_config("there is no e-mail address of the service account that they have to be of");
  }
  const bool has_issuers =
      !expected_.issuers.empty() && std::ranges::count(expected_.issuers, std::string()) == 0;
  if (!has_issuers) refuse_config("there is no issuer, or an empty one");
  if (!may_be_sent_secrets(expected_.keys_url)) {
    refuse_config("'" + expected_.keys_url + "' is not an https:// URL");
  }
}

OidcIdentity OidcVerifier::verify(std::string_view token, std::stop_token stop) {
  if (token.size() > kLongestToken) refuse("it is longer than 16 KiB");
  const auto parts = take_apart_jwt(token);
  if (!parts) refuse("it is not a JSON Web Token");
  const Json header = object_in(parts->header, "header");
  check_header(header);
  const RsaPublicKey signer = key(text_of(header, "kid"), std::move(stop));
  if (!signer.verifies(parts->signed_text, parts->signature)) refuse("its signature does not hold");
  return identity_of(object_in(parts->claims, "payload"), expected_, clock_.now());
}

RsaPublicKey OidcVerifier::key(const std::string& kid, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  const bool is_wanted = clock_.now() >= keys_end_ || !keys_.contains(kid);
  if (is_wanted && clock_.now() >= next_fetch_) {
    try {
      fetch_keys(std::move(stop));
      next_fetch_ = clock_.now() + kBetweenFetches;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      next_fetch_ = clock_.now() + kAfterFailure;
      if (!keys_.contains(kid) || clock_.now() >= keys_end_ + kGrace) throw;
    }
  }
  const auto found = keys_.find(kid);
  const bool are_fresh = clock_.now() < keys_end_ + kGrace;
  if (found != keys_.end() && are_fresh) return found->second;
  if (are_fresh) refuse("it is signed with a key that is not among the issuer's");
  throw Error(ErrorKind::kUnavailable,
              "verify identity tokens: the issuer's keys could not be fetched from " +
                  expected_.keys_url + " a moment ago and are soon asked for again");
}

void OidcVerifier::fetch_keys(std::stop_token stop) {
  const std::string tried = "fetch the keys of identity tokens from " + expected_.keys_url;
  const auto make = [&] {
    HttpRequest request{.url = expected_.keys_url};
    request.max_response_bytes = kLongestKeySet;
    request.connect_timeout = std::chrono::seconds(5);
    request.total_timeout = std::chrono::seconds(10);
    return request;
  };
  const RetriedResponse result = http_.send(make, std::move(stop), is_transient_google_answer);
  if (!result.response.is_success()) {
    const Error error = error_of_google_failure(result, tried, false);
    // Whoever sent the token is not to blame, and may send it again.
    throw Error(ErrorKind::kUnavailable, error.what());
  }
  const Json document = Json::parse(result.response.body, nullptr, false);
  const Json list = document.is_object() ? document.value("keys", Json()) : Json();
  Keys keys;
  for (std::size_t i = 0; list.is_array() && i < std::min(list.size(), kMostKeys); ++i) {
    if (auto key = public_key_in(list[i])) keys.insert_or_assign(text_of(list[i], "kid"), *key);
  }
  if (keys.empty()) {
    throw Error(ErrorKind::kUnavailable, tried + ": the answer holds no RSA keys for signatures");
  }
  keys_ = std::move(keys);
  keys_end_ = clock_.now() + life_of(result.response);
}

}  // namespace finops
