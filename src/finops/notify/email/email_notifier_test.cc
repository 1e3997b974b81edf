#include "finops/notify/email/email_notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/scripted_http.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using Outcome = SmtpAnswer::Outcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// Remembers what it was given; its answers are the test's.
struct ScriptedSmtp : SmtpTransport {
  SmtpAnswer send(const SmtpRequest& request, std::stop_token) override {
    requests.push_back(request);
    messages.emplace_back(request.message);
    return answer(request);
  }
  std::function<SmtpAnswer(const SmtpRequest&)> answer = [](const SmtpRequest&) {
    return SmtpAnswer{.code = 250};
  };
  std::vector<SmtpRequest> requests;
  std::vector<std::string> messages;
};

SmtpAnswer refused(int code, const std::string& text) {
  return {Outcome::kRefused, code, text, "libcurl's words"};
}

class EmailNotifierTest : public ::testing::Test {
 protected:
  void send() {
    Notification news{.time = clock_.now(), .host = "etl-1"};
    news.fresh = {{"payer-a", "2026-05", "invalid_data", "a broken file", clock_.now()}};
    make_email_notifier(options_, smtp_, clock_, [this](const std::string& text) {
      warnings_.push_back(text);
    })->send(news, stop_.get_token());
  }
  Error failure() {
    smtp_->requests.clear();
    return error_thrown_by([&] { send(); });
  }
  void answer_with(const SmtpAnswer& answer) {
    smtp_->answer = [answer](const SmtpRequest&) { return answer; };
  }

  ManualClock clock_{TimePoint(std::chrono::sys_days(std::chrono::year(2026) / 6 / 1))};
  std::shared_ptr<ScriptedSmtp> smtp_ = std::make_shared<ScriptedSmtp>();
  std::stop_source stop_;
  std::vector<std::string> warnings_;
  EmailOptions options_{.smtp_url = "smtp://mail.example",
                        .user = "u",
                        .password = "s3cr3t",
                        .from = "finops@mail.example",
                        .to = {"a@x.example", "b@y.example"}};
};

TEST_F(EmailNotifierTest, SendsOneMailToEachOfItsRecipients) {
  send();
  ASSERT_EQ(smtp_->requests.size(), 2u);
  EXPECT_EQ(smtp_->requests[0].to, "a@x.example");
  EXPECT_EQ(smtp_->requests[1].to, "b@y.example");
  EXPECT_EQ(smtp_->messages[0], smtp_->messages[1]) << "one message with one id";
  EXPECT_THAT(smtp_->messages[0], HasSubstr("Subject: finops on etl-1: 1 new problem\r\n"));
  EXPECT_THAT(smtp_->messages[0], HasSubstr("payer-a 2026-05 (invalid_data): a broken file"));
  EXPECT_THAT(smtp_->messages[0], HasSubstr("Date: Mon, 01 Jun 2026 00:00:00 +0000\r\n"));
  EXPECT_THAT(smtp_->messages[0], Not(HasSubstr("s3cr3t")));
  EXPECT_EQ(smtp_->requests[0].server.port, 587);
  EXPECT_EQ(smtp_->requests[0].start_tls, StartTls::kRequired);
  const std::string first = smtp_->messages[0];
  send();
  EXPECT_NE(smtp_->messages[2], first) << "another message has another id";
}

TEST_F(EmailNotifierTest, GoesWithoutTlsToThisMachineOrWhereThatIsSaid) {
  options_.smtp_url = "smtp://127.0.0.1:25";
  send();
  EXPECT_EQ(smtp_->requests.back().start_tls, StartTls::kIfOffered);
  EXPECT_FALSE(smtp_->requests.back().may_use_proxy);
  options_.smtp_url = "smtp://mail.example";
  options_.may_be_plain = true;
  send();
  EXPECT_EQ(smtp_->requests.back().start_tls, StartTls::kNever);
}

TEST_F(EmailNotifierTest, TriesAgainWhatMayPassAndNotWhatStays) {
  options_.to = {"a@x.example"};
  smtp_->answer = [this](const SmtpRequest&) {
    return smtp_->requests.size() < 3 ? refused(451, "4.3.0 try later") : SmtpAnswer{.code = 250};
  };
  send();
  EXPECT_EQ(smtp_->requests.size(), 3u);
  EXPECT_THAT(clock_.slept, ElementsAre(std::chrono::milliseconds(500), std::chrono::seconds(3)));
  answer_with(refused(451, "4.3.0 try later"));
  const Error later = failure();
  EXPECT_EQ(smtp_->requests.size(), 3u);
  EXPECT_EQ(later.kind(), ErrorKind::kUnavailable);
  EXPECT_STREQ(later.what(),
               "mail a@x.example by mail.example:587: the server said 451 4.3.0 try later, 3 "
               "attempts; check notify.email_from and notify.email_to");
  answer_with(refused(550, "5.1.1 no such user"));
  const Error never = failure();
  EXPECT_EQ(smtp_->requests.size(), 1u);
  EXPECT_EQ(never.kind(), ErrorKind::kNotFound);
}

TEST_F(EmailNotifierTest, OneRecipientThatIsRefusedDoesNotKeepTheOthersFromBeingTold) {
  smtp_->answer = [](const SmtpRequest& request) {
    return request.to == "a@x.example" ? refused(550, "5.1.1 no such user")
                                       : SmtpAnswer{.code = 250};
  };
  send();
  EXPECT_EQ(smtp_->requests.size(), 2u);
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("a@x.example"));
  EXPECT_THAT(warnings_[0], HasSubstr("550 5.1.1 no such user"));
}

TEST_F(EmailNotifierTest, AServerThatIsAwayIsNotAskedForEachRecipient) {
  answer_with({Outcome::kNotSent, 0, "", "connection refused"});
  const Error error = failure();
  EXPECT_EQ(smtp_->requests.size(), 3u) << "three attempts for the first";
  EXPECT_EQ(error.kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("connection refused, 3 attempts"));
}

TEST_F(EmailNotifierTest, SaysWhatToDoAndNeverThePassword) {
  answer_with(refused(535, "5.7.8 wrong password s3cr3t of u"));
  const Error login = failure();
  EXPECT_EQ(login.kind(), ErrorKind::kPermissionDenied);
  EXPECT_EQ(smtp_->requests.size(), 1u);
  EXPECT_THAT(login.what(), HasSubstr("the server said 535; check notify.email_user"));
  answer_with(refused(554, "you are s3cr3t"));
  EXPECT_THAT(failure().what(), Not(HasSubstr("s3cr3t")));
  answer_with({Outcome::kNotTrusted, 220, "", "unable to get local issuer certificate"});
  EXPECT_THAT(failure().what(), HasSubstr("its certificate does not hold"));
  EXPECT_EQ(smtp_->requests.size(), 1u);
  answer_with({Outcome::kNoTls, 250, "", "STARTTLS not supported."});
  EXPECT_THAT(failure().what(), HasSubstr("offers no STARTTLS: use smtps://"));
}

TEST_F(EmailNotifierTest, StopsWhenItIsTold) {
  stop_.request_stop();
  answer_with(refused(451, "later"));
  EXPECT_EQ(failure().kind(), ErrorKind::kCancelled);
  EXPECT_EQ(smtp_->requests.size(), 1u);
}

TEST_F(EmailNotifierTest, OptionsThatCannotBeRightAreRefused) {
  const auto mistake_of = [&](EmailOptions options) {
    options_ = std::move(options);
    const Error error = failure();
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
    return std::string(error.what());
  };
  const EmailOptions good = options_;
  EmailOptions bad = good;
  bad.smtp_url = "smtp://u:s3cr3t@mail.example";
  EXPECT_THAT(mistake_of(bad), Not(HasSubstr("s3cr3t")));
  bad = good;
  bad.to = {};
  EXPECT_THAT(mistake_of(bad), HasSubstr("names nobody"));
  bad.to = {"a@x.example", "b@y.example\r\nX: y"};
  EXPECT_THAT(mistake_of(bad), HasSubstr("notify.email_to"));
  bad = good;
  bad.from = "finops";
  EXPECT_THAT(mistake_of(bad), HasSubstr("notify.email_from"));
  bad = good;
  bad.password = "";
  EXPECT_THAT(mistake_of(bad), HasSubstr("go together"));
}

}  // namespace
}  // namespace finops
