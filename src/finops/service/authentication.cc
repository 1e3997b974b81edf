#include "finops/service/authentication.h"

#include <openssl/crypto.h>

#include <optional>
#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"
#include "finops/core/sha256.h"
#include "finops/service/problem.h"

namespace finops {
namespace {

constexpr std::size_t kMinSecretLength = 16;
constexpr std::size_t kMaxTokenLength = 8192;

/// RFC 6750, section 3: without credentials the challenge has no error.
ServiceResponse unauthorized(bool has_token) {
  auto response = problem_response(
      {.status = 401,
       .detail = has_token ? "the token is not valid here"
                           : "a token has to be sent as 'Authorization: Bearer <token>'"});
  response.headers.push_back(
      {"WWW-Authenticate",
       has_token ? R"(Bearer realm="finops", error="invalid_token")" : R"(Bearer realm="finops")"});
  return response;
}

ServiceResponse forbidden() {
  auto response = problem_response({.status = 403, .detail = "the token is for reading only"});
  response.headers.push_back(
      {"WWW-Authenticate", R"(Bearer realm="finops", error="insufficient_scope")"});
  return response;
}

/// Of the one field Authorization; nothing when there is another number of them or another scheme.
std::optional<std::string_view> bearer_token(const ServiceRequest& request) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string* only = nullptr;
  for (const HttpHeader& header : request.headers) {
    if (ascii_lower(header.name) != "authorization") continue;
    if (only != nullptr) return std::nullopt;
    only = &header.value;
  }
  if (only == nullptr || ascii_lower(only->substr(0, kScheme.size())) != kScheme) {
    return std::nullopt;
  }
  const auto token = std::string_view(*only).substr(kScheme.size());
  if (token.empty() || token.size() > kMaxTokenLength) return std::nullopt;
  return token;
}

struct KnownToken {
  std::string hash;
  bool may_write;
};

/// All are compared, by hashes of one length, so that time tells nothing.
const KnownToken* find_token(const std::vector<KnownToken>& known, std::string_view token) {
  const std::string hash = sha256_of(token);
  const KnownToken* found = nullptr;
  for (const KnownToken& candidate : known) {
    if (CRYPTO_memcmp(candidate.hash.data(), hash.data(), hash.size()) == 0) found = &candidate;
  }
  return found;
}

}  // namespace

Guard api_token_guard(const std::vector<ApiToken>& tokens, bool writes) {
  std::vector<KnownToken> known;
  for (const ApiToken& token : tokens) {
    if (token.secret.size() < kMinSecretLength) {
      throw Error(ErrorKind::kInvalidConfig,
                  "an API token has to have at least 16 characters; make one, for example, with "
                  "'openssl rand -hex 32'");
    }
    known.push_back({sha256_of(token.secret), token.may_write});
  }
  if (known.empty()) throw Error(ErrorKind::kInvalidConfig, "there is no API token");
  return {.at_head = [known = std::move(known),
                      writes](const ServiceRequest& request) -> std::optional<ServiceResponse> {
    const auto token = bearer_token(request);
    if (!token) return unauthorized(false);
    const KnownToken* found = find_token(known, *token);
    if (found == nullptr) return unauthorized(true);
    if (writes && !found->may_write) return forbidden();
    return std::nullopt;
  }};
}

Guard identity_guard(VerifyIdentity verify, std::function<void(std::string_view)> on_refusal) {
  const Gate at_head = [](const ServiceRequest& request) -> std::optional<ServiceResponse> {
    if (!bearer_token(request)) return unauthorized(false);
    return std::nullopt;
  };
  const Gate at_work = [verify = std::move(verify), on_refusal = std::move(on_refusal)](
                           const ServiceRequest& request) -> std::optional<ServiceResponse> {
    try {
      verify(bearer_token(request).value(), request.stop);
      return std::nullopt;
    } catch (const Error& error) {
      if (on_refusal) on_refusal(error.what());
      if (error.kind() == ErrorKind::kPermissionDenied) return unauthorized(true);
      return problem_response(overload_problem("tokens cannot be verified now"));
    }
  };
  return {.at_head = at_head, .at_work = at_work};
}

Guard google_push_guard(OidcVerifier& verifier, std::function<void(std::string_view)> on_refusal) {
  return identity_guard(
      [&verifier](std::string_view token, std::stop_token stop) {
        verifier.verify(token, std::move(stop));
      },
      std::move(on_refusal));
}

}  // namespace finops
