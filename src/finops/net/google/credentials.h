#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/clock.h"
#include "finops/core/environment.h"
#include "finops/net/http.h"
#include "finops/net/retry.h"

namespace finops {

/// A bearer token of one principal. Never part of a message or a log.
struct GoogleToken {
  std::string text;                  // empty: requests go without one, as emulators like it
  std::optional<TimePoint> expires;  // nothing: it lasts
  std::string quota_project;         // whose quota requests use; empty: Google's choice
};

/// The headers that a request to an API of Google carries with `token`.
inline HttpHeaders authorization_headers(const GoogleToken& token) {
  HttpHeaders headers;
  if (!token.text.empty()) headers.push_back({"authorization", "Bearer " + token.text});
  if (!token.quota_project.empty()) {
    headers.push_back({"x-goog-user-project", token.quota_project});
  }
  return headers;
}

/// Where tokens come from. Safe to call from any thread.
class GoogleCredentialProvider {
 public:
  virtual ~GoogleCredentialProvider() = default;

  /// A valid one, fetched again before it expires. Throws Error (kPermissionDenied, kInvalidConfig,
  /// kUnavailable) saying where it looked and what each place answered.
  virtual GoogleToken get(std::stop_token stop) = 0;

  /// A server refused the token (401) before it expired, because it was withdrawn: the next get()
  /// fetches another.
  virtual void forget(const GoogleToken& refused) = 0;

  /// Whose they are and where they were found, for people: "the service account a@b of
  /// 'key.json'". Before the first get(): where they would be looked for.
  virtual std::string origin() const = 0;
};

/// What every provider of tokens needs.
struct GoogleSession {
  std::shared_ptr<HttpClient> http;
  Clock& clock;
  Environment environment;
  std::shared_ptr<RetryBudget> budget;
};

/// What a token is good for, as URLs.
using GoogleScopes = std::vector<std::string>;

/// All of Google Cloud, as far as the principal's roles go.
inline constexpr std::string_view kCloudPlatformScope =
    "https://www.googleapis.com/auth/cloud-platform";

}  // namespace finops
