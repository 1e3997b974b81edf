#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "finops/net/google/rsa_key.h"

namespace finops {

/// A JSON Web Token in its compact form (RFC 7519, RFC 7515), taken apart. Nothing of it is
/// believed yet: see RsaPublicKey::verifies(signed_text, signature).
struct JwtParts {
  std::string_view signed_text;  // of the token that was taken apart, which has to outlive this
  std::string header, claims;    // JSON, not yet parsed
  std::string signature;         // bytes
};

/// Nothing for a text that is not three parts of base64url.
std::optional<JwtParts> take_apart_jwt(std::string_view token);

/// A token with RS256; `header` and `claims` are JSON objects.
std::string signed_jwt(const RsaPrivateKey& key, std::string_view header, std::string_view claims);

}  // namespace finops
