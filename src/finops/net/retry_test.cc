#include "finops/net/retry.h"

#include <gtest/gtest.h>

#include "tests/support/scripted_http.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using Kind = HttpFailure::Kind;

class RetryTest : public ::testing::Test {
 protected:
  /// Sends one request; the n-th attempt is answered with `answers[n]`, later ones with the last.
  RetriedResponse send(const std::vector<HttpResponse>& answers) {
    http_ = std::make_shared<ScriptedHttp>([this, answers](const HttpRequest&) {
      return answers.at(std::min(http_->requests.size(), answers.size()) - 1);
    });
    RetryingClient client(http_, clock_, policy_, budget_);
    return client.send([] { return HttpRequest{.url = "http://h/"}; }, stop_.get_token());
  }
  std::size_t sent() const { return http_->requests.size(); }

  ManualClock clock_{TimePoint(std::chrono::seconds(784'111'777))};  // 1994-11-06T08:49:37Z
  RetryPolicy policy_{.attempts = 5};
  std::shared_ptr<RetryBudget> budget_ = std::make_shared<RetryBudget>();
  std::shared_ptr<ScriptedHttp> http_;
  std::stop_source stop_;
};

TEST_F(RetryTest, GoesOnUntilItIsAnswered) {
  const auto result = send({answer(503), no_answer(Kind::kNotSent), answer(200, "well")});
  EXPECT_EQ(result.response.body, "well");
  EXPECT_EQ(result.attempts, 3);
  EXPECT_TRUE(result.gave_up.empty());
  EXPECT_EQ(clock_.slept.size(), 2u);
}

TEST_F(RetryTest, DoesNotRepeatWhatWillNotPass) {
  for (const int status : {400, 401, 403, 404, 409, 412, 416, 501}) {
    EXPECT_EQ(send({answer(status)}).attempts, 1) << status;
  }
  for (const Kind kind : {Kind::kNotTrusted, Kind::kTooLarge, Kind::kBadRequest}) {
    EXPECT_EQ(send({no_answer(kind)}).attempts, 1);
  }
  EXPECT_TRUE(clock_.slept.empty());
}

TEST_F(RetryTest, TakesANewConnectionAfterOneThatBroke) {
  send({answer(503), no_answer(Kind::kNoAnswer), answer(503), answer(200)});
  std::vector<bool> wanted;
  for (const HttpRequest& request : http_->requests) {
    wanted.push_back(request.wants_new_connection);
  }
  EXPECT_EQ(wanted, (std::vector<bool>{false, false, true, false}));
}

TEST_F(RetryTest, EndsAfterTheAttemptsOfThePolicy) {
  const auto result = send({answer(503)});
  EXPECT_EQ(sent(), 5u);
  EXPECT_EQ(result.response.status, 503);
  EXPECT_EQ(result.gave_up, "5 attempts");
}

TEST_F(RetryTest, WaitsLongerEachTimeUpToTheCap) {
  policy_ = {.attempts = 30, .base = Duration(100), .cap = Duration(1000)};
  send({answer(503)});
  ASSERT_EQ(clock_.slept.size(), 29u);
  EXPECT_LE(clock_.slept[0], Duration(100));
  EXPECT_LE(clock_.slept[1], Duration(200));
  Duration longest{};
  for (const Duration slept : clock_.slept) longest = std::max(longest, slept);
  EXPECT_LE(longest, Duration(1000));
  EXPECT_GT(longest, Duration(300))
      << "29 waits, of which 26 are up to a second, are not all short";
}

TEST_F(RetryTest, ObeysRetryAfter) {
  send({answer(503, "", {{"Retry-After", "7"}}), answer(200)});
  EXPECT_EQ(clock_.slept, std::vector<Duration>{std::chrono::seconds(7)});
  clock_.slept.clear();
  // 20 seconds behind the 7 that the clock went on.
  send({answer(429, "", {{"retry-after", "Sun, 06 Nov 1994 08:50:04 GMT"}}), answer(200)});
  EXPECT_EQ(clock_.slept, std::vector<Duration>{std::chrono::seconds(20)});
  clock_.slept.clear();
  send({answer(503, "", {{"Retry-After", "86400"}}), answer(200)});
  EXPECT_EQ(clock_.slept, std::vector<Duration>{policy_.longest_retry_after});
}

TEST_F(RetryTest, KnowsWhetherAnEarlierAttemptMayHaveActed) {
  EXPECT_FALSE(send({no_answer(Kind::kNotSent), answer(412)}).may_have_acted_before);
  EXPECT_TRUE(send({no_answer(Kind::kNoAnswer), answer(412)}).may_have_acted_before);
  EXPECT_TRUE(send({answer(500), answer(412)}).may_have_acted_before);
}

TEST_F(RetryTest, TheBudgetEndsARunWhoseNetworkIsDown) {
  budget_ = std::make_shared<RetryBudget>(6);
  EXPECT_EQ(send({no_answer(Kind::kNotSent)}).attempts, 5);
  const auto result = send({no_answer(Kind::kNotSent)});
  EXPECT_EQ(result.attempts, 3);
  EXPECT_NE(result.gave_up.find("budget"), std::string::npos);
  EXPECT_EQ(send({no_answer(Kind::kNotSent)}).attempts, 1);
  EXPECT_EQ(budget_->taken(), 6u);
  for (int i = 0; i < 5; ++i) send({answer(200)});
  EXPECT_EQ(send({no_answer(Kind::kNotSent)}).attempts, 2);
}

TEST_F(RetryTest, AStopEndsIt) {
  stop_.request_stop();
  EXPECT_EQ(kind_thrown_by([&] { send({answer(503)}); }), ErrorKind::kCancelled);
  EXPECT_EQ(sent(), 1u);
}

TEST_F(RetryTest, EachAttemptIsANewRequest) {
  http_ = std::make_shared<ScriptedHttp>([](const HttpRequest&) { return answer(503); });
  RetryingClient client(http_, clock_, policy_, budget_);
  int made = 0;
  client.send([&] { return HttpRequest{.url = "http://h/" + std::to_string(++made)}; }, {});
  EXPECT_EQ(http_->requests.at(4).url, "http://h/5");
}

}  // namespace
}  // namespace finops
