#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "finops/core/clock.h"
#include "finops/net/http.h"

namespace finops {

/// Answers requests from a function and remembers them.
class ScriptedHttp : public HttpClient {
 public:
  using Answer = std::function<HttpResponse(const HttpRequest&)>;
  explicit ScriptedHttp(Answer answer) : answer_(std::move(answer)) {}

  HttpResponse send(const HttpRequest& request, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    bodies.emplace_back(reinterpret_cast<const char*>(request.body.data()), request.body.size());
    requests.push_back(request);
    return answer_(request);
  }

  std::vector<HttpRequest> requests;  // their body is gone: see `bodies`
  std::vector<std::string> bodies;

 private:
  const Answer answer_;
  std::mutex mutex_;
};

inline HttpResponse answer(int status, std::string body = "", HttpHeaders headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

inline HttpResponse no_answer(HttpFailure::Kind kind, std::string why = "it broke") {
  HttpResponse response;
  response.failure = HttpFailure{kind, std::move(why)};
  return response;
}

/// Stands still; what is slept is added to it.
class ManualClock : public Clock {
 public:
  explicit ManualClock(TimePoint start) : now_(start) {}
  TimePoint now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  bool sleep_for(Duration duration, std::stop_token stop) override {
    const std::lock_guard lock(mutex_);
    slept.push_back(duration);
    now_ += duration;
    return !stop.stop_requested();
  }
  void advance(Duration duration) {
    const std::lock_guard lock(mutex_);
    now_ += duration;
  }

  std::vector<Duration> slept;

 private:
  mutable std::mutex mutex_;
  TimePoint now_;
};

}  // namespace finops
