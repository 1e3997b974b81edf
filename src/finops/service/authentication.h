#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/net/google/oidc.h"
#include "finops/service/router.h"

namespace finops {

/// A secret that whoever calls the API sends as "Authorization: Bearer <secret>".
struct ApiToken {
  std::string secret;
  bool may_write = false;  // else it is for reading only
};

/// Lets in who sends one of the tokens: 401 without one, 403 for a token of readers where `writes`.
/// Comparing takes as long for any wrong token. kInvalidConfig without tokens, or for one that is
/// shorter than 16 characters.
Guard api_token_guard(const std::vector<ApiToken>& tokens, bool writes);

/// Verifies an identity token; throws as OidcVerifier::verify does.
using VerifyIdentity = std::function<void(std::string_view token, std::stop_token stop)>;

/// Lets in who sends an identity token that `verify` takes: 401 otherwise, 503 when that cannot be
/// found out now. Why a token was refused is told to `on_refusal`, not to the client.
Guard identity_guard(VerifyIdentity verify, std::function<void(std::string_view)> on_refusal);

/// Google's identity tokens of push requests; `verifier` outlives the guard.
Guard google_push_guard(OidcVerifier& verifier, std::function<void(std::string_view)> on_refusal);

}  // namespace finops
