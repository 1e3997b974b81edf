#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <stop_token>
#include <string>

#include "finops/core/clock.h"
#include "finops/net/http.h"

namespace finops {

/// How often a request is sent, and how long is waited before the n-th time: at most
/// base × 2^(n-2) and at most `cap`, a random part of that ("full jitter"), so that many clients do
/// not come back at once. A server's Retry-After is obeyed up to `longest_retry_after`.
struct RetryPolicy {
  int attempts = 8;
  Duration base = std::chrono::milliseconds(200);
  Duration cap = std::chrono::seconds(20);
  Duration longest_retry_after = std::chrono::seconds(60);
};

/// What all requests of a run may spend on being repeated, so that a network which is down ends the
/// run soon instead of after every single request's patience: each repetition takes from it, each
/// success gives a little back. Safe to call from any thread.
class RetryBudget {
 public:
  explicit RetryBudget(double repetitions = 100) : left_(repetitions), most_(repetitions) {}

  bool take();
  void give_back();
  /// Repetitions so far, for reports.
  std::uint64_t taken() const;

 private:
  static constexpr double kPerSuccess = 0.2;
  mutable std::mutex mutex_;
  double left_;
  const double most_;
  std::uint64_t taken_ = 0;
};

/// One request, sent until it is answered for good.
struct RetriedResponse {
  HttpResponse response;
  int attempts = 1;
  /// An earlier attempt was sent and not answered: the server may have acted twice.
  bool may_have_acted_before = false;
  /// Why no more was tried, for a message: "8 attempts", "the run's retry budget is used up"; empty
  /// when the last answer is not one to be repeated.
  std::string gave_up;
};

/// 429, 500, 502, 503, 504 and 408.
bool is_transient_status(int status);

/// Repeats requests whose failure may pass. Safe to call from any thread.
class RetryingClient {
 public:
  RetryingClient(std::shared_ptr<HttpClient> http, Clock& clock, RetryPolicy policy,
                 std::shared_ptr<RetryBudget> budget);

  /// `make` is called before each attempt, so that each is signed with its own time.
  /// `is_transient` says of an answer that is not a success whether it may pass; by default its
  /// status does. kCancelled is thrown when `stop` is requested.
  RetriedResponse send(const std::function<HttpRequest()>& make, std::stop_token stop,
                       const std::function<bool(const HttpResponse&)>& is_transient = nullptr);

  Clock& clock() { return clock_; }

 private:
  Duration wait_before(int attempt, const HttpResponse& last);

  const std::shared_ptr<HttpClient> http_;
  Clock& clock_;
  const RetryPolicy policy_;
  const std::shared_ptr<RetryBudget> budget_;
  std::mutex mutex_;  // of random_
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace finops
