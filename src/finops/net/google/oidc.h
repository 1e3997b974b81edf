#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/clock.h"
#include "finops/net/google/credentials.h"
#include "finops/net/google/rsa_key.h"
#include "finops/net/retry.h"

namespace finops {

/// Which identity tokens are let in.
struct OidcExpectation {
  std::string audience;  // exactly this, as it was given to who sends the token
  std::string email;     // of the service account that the token has to be of
  std::vector<std::string> issuers = {"https://accounts.google.com", "accounts.google.com"};
  std::string keys_url = "https://www.googleapis.com/oauth2/v3/certs";  // a JSON Web Key Set
};

/// Who holds a token that was let in.
struct OidcIdentity {
  std::string subject, email;
  TimePoint expires;
};

/// Verifies Google's identity tokens (OpenID Connect Core, 3.1.3.7): signature, issuer, audience,
/// time with a minute of slack, and that the e-mail address is the expected and a verified one.
/// Only RS256 is taken, whatever a token says. The keys are fetched when they are first needed, and
/// again when their max-age is over or a token names an unknown one, then at most once a minute;
/// should Google not give them, the last ones are good for an hour more. Safe to call from any
/// thread; while one fetches the keys, others wait.
class OidcVerifier {
 public:
  /// kInvalidConfig when the audience, the e-mail address or the issuers are empty, each of which
  /// would let in anybody, or when the keys would come without TLS from another machine.
  OidcVerifier(const GoogleSession& session, OidcExpectation expected);

  /// Throws Error: kPermissionDenied with the reason when the token is not to be let in,
  /// kUnavailable when the keys cannot be had. Nothing of a token is in a message.
  OidcIdentity verify(std::string_view token, std::stop_token stop);

 private:
  using Keys = std::map<std::string, RsaPublicKey, std::less<>>;  // by kid

  RsaPublicKey key(const std::string& kid, std::stop_token stop);
  /// Replaces keys_; throws when they cannot be had.
  void fetch_keys(std::stop_token stop);

  Clock& clock_;
  const OidcExpectation expected_;
  RetryingClient http_;
  std::mutex mutex_;  // of what follows
  Keys keys_;
  TimePoint keys_end_{};    // until when keys_ may be used without asking
  TimePoint next_fetch_{};  // not before
};

}  // namespace finops
