#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "finops/core/clock.h"

namespace finops {

/// Keys of one principal. Never part of a message or a log.
struct AwsCredentials {
  std::string access_key_id, secret_access_key;
  std::string session_token;         // empty for keys that last
  std::optional<TimePoint> expires;  // nothing: they last
};

/// Where credentials come from. Safe to call from any thread.
class AwsCredentialProvider {
 public:
  virtual ~AwsCredentialProvider() = default;

  /// Valid ones, fetched again before they expire. Throws Error (kPermissionDenied, kInvalidConfig,
  /// kUnavailable) saying where it looked and what each place answered.
  virtual AwsCredentials get(std::stop_token stop) = 0;

  /// Which link of the chain they came from, for people: "the profile 'billing' of
  /// ~/.aws/config". Before the first get(): where they would be looked for.
  virtual std::string origin() const = 0;
};

}  // namespace finops
