#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "finops/core/clock.h"
#include "finops/core/error.h"

namespace finops {

/// Credentials and where they came from, for people.
template <typename Credentials>
struct FoundCredentials {
  Credentials credentials;
  std::string origin;
};

/// Keeps what was fetched until `early` before it expires (its member `expires`; nothing: it does
/// not). Safe to call from any thread; one fetches, the others wait for it.
template <typename Credentials>
class KeptUntilExpiry {
 public:
  /// `origin` stands in until something was found.
  KeptUntilExpiry(Clock& clock, Duration early, std::string origin)
      : clock_(clock), early_(early), origin_(std::move(origin)) {}

  Credentials get(const std::function<FoundCredentials<Credentials>()>& fetch) {
    const std::lock_guard lock(mutex_);
    if (found_ && !expires_within(early_)) return found_->credentials;
    try {
      found_ = fetch();
    } catch (const Error& error) {
      // What is there is good for a little while: the next call asks again.
      const bool is_usable = found_ && !expires_within(kLate) && is_transient(error.kind());
      if (!is_usable) throw;
    }
    return found_->credentials;
  }

  /// What is kept is fetched again if `is_it`: it was refused before it expired.
  void forget(const std::function<bool(const Credentials&)>& is_it) {
    const std::lock_guard lock(mutex_);
    if (found_ && is_it(found_->credentials)) found_.reset();
  }

  std::string origin() const {
    const std::lock_guard lock(mutex_);
    return found_ ? found_->origin : origin_;
  }

 private:
  static constexpr std::chrono::minutes kLate{1};

  bool expires_within(Duration span) const {
    const auto& expires = found_->credentials.expires;
    return expires && *expires - clock_.now() < span;
  }

  Clock& clock_;
  const Duration early_;
  const std::string origin_;
  mutable std::mutex mutex_;
  std::optional<FoundCredentials<Credentials>> found_;
};

}  // namespace finops
