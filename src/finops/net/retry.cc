#include "finops/net/retry.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "finops/core/error.h"
#include "finops/net/http_date.h"

namespace finops {
namespace {

/// RFC 9110, 10.2.3: seconds, or a date.
std::optional<Duration> retry_after(const HttpResponse& response, TimePoint now) {
  const std::string* text = find_header(response.headers, "retry-after");
  if (text == nullptr) return std::nullopt;
  long seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (error == std::errc() && end == text->data() + text->size() && seconds >= 0) {
    return std::chrono::seconds(std::min(seconds, 86'400L));
  }
  if (const auto date = parse_http_date(*text)) return std::max(*date - now, Duration(0));
  return std::nullopt;
}

bool may_pass(const HttpResponse& response,
              const std::function<bool(const HttpResponse&)>& is_transient) {
  if (!response.failure) {
    return is_transient ? is_transient(response) : is_transient_status(response.status);
  }
  return response.failure->kind == HttpFailure::Kind::kNotSent ||
         response.failure->kind == HttpFailure::Kind::kNoAnswer;
}

}  // namespace

bool RetryBudget::take() {
  const std::lock_guard lock(mutex_);
  if (left_ < 1) return false;
  left_ -= 1;
  ++taken_;
  return true;
}

void RetryBudget::give_back() {
  const std::lock_guard lock(mutex_);
  left_ = std::min(left_ + kPerSuccess, most_);
}

std::uint64_t RetryBudget::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

bool is_transient_status(int status) {
  return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

RetryingClient::RetryingClient(std::shared_ptr<HttpClient> http, Clock& clock, RetryPolicy policy,
                               std::shared_ptr<RetryBudget> budget)
    : http_(std::move(http)), clock_(clock), policy_(policy), budget_(std::move(budget)) {}

RetriedResponse RetryingClient::send(const std::function<HttpRequest()>& make, std::stop_token stop,
                                     const std::function<bool(const HttpResponse&)>& is_transient) {
  RetriedResponse result;
  for (;; ++result.attempts) {
    HttpRequest request = make();
    // What broke one connection may have broken all that are kept.
    request.wants_new_connection = result.response.failure.has_value();
    result.response = http_->send(request, stop);
    const auto& failure = result.response.failure;
    if (stop.stop_requested() || (failure && failure->kind == HttpFailure::Kind::kCancelled)) {
      throw Error(ErrorKind::kCancelled, "interrupted");
    }
    if (result.response.is_success()) budget_->give_back();
    if (result.response.is_success() || !may_pass(result.response, is_transient)) return result;
    if (result.attempts >= policy_.attempts) {
      result.gave_up = std::to_string(result.attempts) + " attempts";
      return result;
    }
    if (!budget_->take()) {
      result.gave_up = "after " + std::to_string(result.attempts) +
                       " attempts this run's budget for retries is used up";
      return result;
    }
    // A 5xx is no promise that nothing was done.
    result.may_have_acted_before =
        result.may_have_acted_before || !failure || failure->kind == HttpFailure::Kind::kNoAnswer;
    if (!clock_.sleep_for(wait_before(result.attempts + 1, result.response), stop)) {
      throw Error(ErrorKind::kCancelled, "interrupted");
    }
  }
}

Duration RetryingClient::wait_before(int attempt, const HttpResponse& last) {
  if (const auto told = retry_after(last, clock_.now())) {
    return std::min(*told, policy_.longest_retry_after);
  }
  const int doublings = std::min(attempt - 2, 20);
  const Duration longest = std::min<Duration>(policy_.base * (1LL << doublings), policy_.cap);
  const std::lock_guard lock(mutex_);
  return Duration(std::uniform_int_distribution<Duration::rep>(0, longest.count())(random_));
}

}  // namespace finops
