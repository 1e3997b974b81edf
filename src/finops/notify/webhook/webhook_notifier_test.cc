#include "finops/notify/webhook/webhook_notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/scripted_http.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kUrl = "https://hooks.slack.com/services/T0/B0/s3cr3t";

class WebhookNotifierTest : public ::testing::Test {
 protected:
  void send(const Notification& notification, const std::string& url = kUrl) {
    make_webhook_notifier(url, http_, clock_, "1.2.3")->send(notification, {});
  }
  Error failure() {
    return error_thrown_by([&] { send(news()); });
  }
  Notification news() const {
    Notification one{.time = clock_.now(), .host = "etl-1"};
    one.fresh = {{"payer-a", "2026-05", "invalid_data", "a < b & c > <!channel>", clock_.now()}};
    one.remaining = {{"payer-b", "", "stale", "", clock_.now()}};
    return one;
  }

  ManualClock clock_{TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 6 / 1))};
  std::function<HttpResponse(const HttpRequest&)> answer_ = [](const HttpRequest&) {
    return answer(200, "ok");
  };
  std::shared_ptr<ScriptedHttp> http_ = std::make_shared<ScriptedHttp>(
      [this](const HttpRequest& request) { return answer_(request); });
};

TEST_F(WebhookNotifierTest, PostsWhatSlackTakesAndFieldsForMachines) {
  send(news());
  ASSERT_EQ(http_->requests.size(), 1u);
  const HttpRequest& asked = http_->requests[0];
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.url, kUrl);
  EXPECT_EQ(*find_header(asked.headers, "content-type"), "application/json");
  const auto document = nlohmann::json::parse(http_->bodies.at(0));
  EXPECT_THAT(document["text"].get<std::string>(), HasSubstr("finops on etl-1: 1 new problem"));
  EXPECT_THAT(document["text"].get<std::string>(),
              HasSubstr("a &lt; b &amp; c &gt; &lt;!channel&gt;"));
  const auto& fields = document["finops"];
  EXPECT_EQ(fields["event"], "new_problems");
  EXPECT_EQ(fields["time"], "2026-06-01T00:00:00.000Z");
  EXPECT_EQ(fields["host"], "etl-1");
  EXPECT_EQ(fields["version"], "1.2.3");
  EXPECT_EQ(fields["problems"][0]["source"], "payer-a");
  EXPECT_EQ(fields["problems"][0]["billing_period"], "2026-05");
  EXPECT_EQ(fields["problems"][0]["kind"], "invalid_data");
  EXPECT_EQ(fields["problems"][0]["message"], "a < b & c > <!channel>");
  EXPECT_EQ(fields["problems"][0]["new"], true);
  EXPECT_EQ(fields["problems"][1]["new"], false);
  EXPECT_TRUE(fields["problems"][1]["billing_period"].is_null());
  EXPECT_TRUE(fields["solved"].empty());
}

TEST_F(WebhookNotifierTest, IsSoonDoneWithAServerThatDoesNotAnswer) {
  answer_ = [](const HttpRequest& asked) {
    EXPECT_LE(asked.connect_timeout, std::chrono::seconds(5));
    EXPECT_LE(asked.total_timeout, std::chrono::seconds(10));
    return no_answer(HttpFailure::Kind::kNoAnswer, "timed out");
  };
  const Error error = failure();
  EXPECT_EQ(error.kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(http_->requests.size(), 3u);
  for (const Duration pause : clock_.slept) EXPECT_LE(pause, std::chrono::seconds(5));
}

TEST_F(WebhookNotifierTest, TriesAgainWhatMayPass) {
  answer_ = [this](const HttpRequest&) {
    if (http_->requests.size() > 1) return answer(200, "ok");
    return answer(429, "", {{"retry-after", "3600"}});
  };
  send(news());
  EXPECT_EQ(http_->requests.size(), 2u);
  EXPECT_EQ(clock_.slept.at(0), std::chrono::seconds(10)) << "not as long as it asks for";
}

TEST_F(WebhookNotifierTest, TellsSlacksReasonAndNeverTheUrl) {
  answer_ = [](const HttpRequest&) { return answer(404, "no_service"); };
  const Error gone = failure();
  EXPECT_EQ(http_->requests.size(), 1u);
  EXPECT_EQ(gone.kind(), ErrorKind::kNotFound);
  EXPECT_STREQ(gone.what(),
               "tell the webhook at hooks.slack.com: HTTP 404 (no_service); check "
               "notify.webhook_url");
  answer_ = [](const HttpRequest&) { return answer(403, "Cannot POST /services/T0/B0/s3cr3t"); };
  EXPECT_THAT(failure().what(), Not(HasSubstr("s3cr3t")));
  answer_ = [](const HttpRequest&) { return answer(302, ""); };
  EXPECT_THAT(failure().what(), HasSubstr("it redirects"));
}

TEST_F(WebhookNotifierTest, PlainHttpIsForThisMachineOnly) {
  for (const char* url : {"http://127.0.0.1:8080/hook", "http://localhost/", "http://[::1]:1/x"}) {
    send(news(), url);
    EXPECT_FALSE(http_->requests.back().may_use_proxy) << url;
  }
  for (const char* url : {"http://hooks.example/s3cr3t", "http://127.evil.example/s3cr3t",
                          "ftp://h/s3cr3t", "s3cr3t", "https://user:s3cr3t@h/"}) {
    const Error error = error_thrown_by([&] { send(news(), url); });
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig) << url;
    EXPECT_THAT(error.what(), Not(HasSubstr("s3cr3t")));
  }
}

}  // namespace
}  // namespace finops
