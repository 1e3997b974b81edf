#include "finops/notify/webhook/webhook_notifier.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "finops/core/error.h"
#include "finops/net/retry.h"
#include "finops/net/url.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostProblems = 50;
constexpr std::size_t kLongestMessage = 400;

/// Slack's "Formatting text for app surfaces": these three begin its markup, with which the text of
/// an error could call everybody of a channel.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      default: result += c;
    }
  }
  return result;
}

void add_problems(Json& list, const std::vector<Problem>& problems, bool is_new) {
  for (const Problem& problem : problems) {
    if (list.size() == kMostProblems) return;
    const auto text_or_null = [](const std::string& text) {
      return text.empty() ? Json() : Json(one_line(text, kLongestMessage));
    };
    list.push_back({{"source", text_or_null(problem.source)},
                    {"billing_period", text_or_null(problem.billing_period)},
                    {"kind", problem.kind},
                    {"message", text_or_null(problem.message)},
                    {"since", to_iso8601(problem.since)},
                    {"new", is_new}});
  }
}

Json changes_document(const std::vector<MonthChange>& changes) {
  Json list = Json::array();
  for (const MonthChange& change : changes) {
    if (list.size() == kMostProblems) break;
    list.push_back({{"source", one_line(change.source, kLongestMessage)},
                    {"billing_period", change.billing_period},
                    {"from", one_line(change.from, kLongestMessage)},
                    {"to", one_line(change.to, kLongestMessage)},
                    {"amounts", change.amounts}});
  }
  return list;
}

std::string body_of(const Notification& notification, const std::string& version) {
  Json problems = Json::array(), solved = Json::array();
  add_problems(problems, notification.fresh, true);
  add_problems(problems, notification.remaining, false);
  add_problems(solved, notification.solved, false);
  const Json document = {{"text", escaped(text_of(notification))},
                         {"finops",
                          {{"event", to_string(notification.event)},
                           {"time", to_iso8601(notification.time)},
                           {"host", notification.host},
                           {"version", version},
                           {"problems", std::move(problems)},
                           {"solved", std::move(solved)},
                           {"changes", changes_document(notification.changes)}}}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Slack's reason is one word ("no_service"). Anything else is not told: servers repeat the URL,
/// which is a secret, in their error pages.
std::string reason_in(const std::string& body) {
  const bool is_word = !body.empty() && body.size() <= 64 && std::ranges::all_of(body, [](char c) {
    return (c >= 'a' && c <= 'z') || c == '_';
  });
  return is_word ? " (" + body + ")" : "";
}

ErrorKind kind_of(int status) {
  if (status == 401 || status == 403) return ErrorKind::kPermissionDenied;
  if (status == 404 || status == 410) return ErrorKind::kNotFound;
  return ErrorKind::kUnavailable;
}

class WebhookNotifier : public Notifier {
 public:
  WebhookNotifier(Url url, std::shared_ptr<HttpClient> http, Clock& clock, std::string version)
      : url_(std::move(url)),
        version_(std::move(version)),
        http_(std::move(http), clock, kPatience, std::make_shared<RetryBudget>()) {}

  void send(const Notification& notification, std::stop_token stop) override {
    const std::string body = body_of(notification, version_);
    const auto make = [&] {
      HttpRequest request{.method = "POST", .url = url_.to_string()};
      request.headers = {{"content-type", "application/json"}};
      request.body = std::as_bytes(std::span(body));
      request.max_response_bytes = 64 << 10;
      request.connect_timeout = kConnectTimeout;
      request.idle_timeout = request.total_timeout = kTimeout;
      request.may_use_proxy = !is_loopback(url_.host);
      return request;
    };
    const RetriedResponse result = http_.send(make, std::move(stop));
    if (!result.response.is_success()) throw error_of(result);
  }

 private:
  static constexpr RetryPolicy kPatience{.attempts = 3,
                                         .base = std::chrono::milliseconds(500),
                                         .cap = std::chrono::seconds(5),
                                         .longest_retry_after = std::chrono::seconds(10)};
  static constexpr Duration kConnectTimeout = std::chrono::seconds(5);
  static constexpr Duration kTimeout = std::chrono::seconds(10);

  Error error_of(const RetriedResponse& result) const {
    const std::string tried = "tell the webhook at " + url_.host + ": ";
    const std::string gave_up = result.gave_up.empty() ? "" : ", " + result.gave_up;
    if (result.response.failure) {
      return {ErrorKind::kUnavailable, tried + one_line(result.response.failure->message, 200) +
                                           gave_up + "; check the network and the proxy"};
    }
    const int status = result.response.status;
    const bool is_redirect = status >= 300 && status < 400;
    return {kind_of(status), tried + "HTTP " + std::to_string(status) +
                                 reason_in(result.response.body) + gave_up +
                                 (is_redirect ? "; it redirects, which is not followed" : "") +
                                 "; check notify.webhook_url"};
  }

  const Url url_;
  const std::string version_;
  RetryingClient http_;
};

}  // namespace

std::unique_ptr<Notifier> make_webhook_notifier(const std::string& url,
                                                std::shared_ptr<HttpClient> http, Clock& clock,
                                                std::string finops_version) {
  std::optional<Url> parsed = Url::parse(url);
  if (!parsed) {
    throw Error(ErrorKind::kInvalidConfig,
                "notify.webhook_url is not a URL such as https://hooks.slack.com/services/…");
  }
  if (parsed->scheme != "https" && !is_loopback(parsed->host)) {
    throw Error(ErrorKind::kInvalidConfig,
                "notify.webhook_url must begin with https://; http:// sends it readable for "
                "everybody on the way and is for this machine only (localhost, 127.0.0.1)");
  }
  return std::make_unique<WebhookNotifier>(std::move(*parsed), std::move(http), clock,
                                           std::move(finops_version));
}

}  // namespace finops
