#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <string>
#include <thread>
#include <utility>

#include "finops/net/smtp.h"
#include "tests/support/listening_socket.h"

namespace finops {
namespace {

using Outcome = SmtpAnswer::Outcome;
using ::testing::HasSubstr;
using ::testing::Not;

/// A server on this machine that takes one connection and answers each command as it is told, by
/// its first word; "" is the greeting, and an answer that is empty ends the connection.
class CurtServer {
 public:
  explicit CurtServer(std::map<std::string, std::string> answers) : answers_(std::move(answers)) {
    port_ = listen_on_this_machine(listening_, 1);
    thread_ = std::jthread([this] { serve(); });
  }
  ~CurtServer() { end(); }
  CurtServer(const CurtServer&) = delete;
  CurtServer& operator=(const CurtServer&) = delete;

  std::uint16_t port() const { return port_; }
  /// What came in, when the connection has ended.
  const std::string& received() {
    end();
    return received_;
  }

 private:
  void end() {
    shutdown(listening_, SHUT_RDWR);  // accept() returns
    if (thread_.joinable()) thread_.join();
    if (listening_ >= 0) close(std::exchange(listening_, -1));
  }

  void serve() {
    const int connection = accept(listening_, nullptr, nullptr);
    if (connection < 0) return;
    if (say(connection, "")) converse(connection);
    close(connection);
  }

  void converse(int connection) {
    std::size_t read_up_to = 0;
    char piece[4096];
    for (;;) {
      const ssize_t n = recv(connection, piece, sizeof piece, 0);
      if (n <= 0) return;
      received_.append(piece, static_cast<std::size_t>(n));
      for (std::size_t end = 0; (end = received_.find("\r\n", read_up_to)) != std::string::npos;) {
        const std::string line = received_.substr(read_up_to, end - read_up_to);
        read_up_to = end + 2;
        const std::string word = line.substr(0, line.find_first_of(" :"));
        if (!word.empty() && answers_.contains(word) && !say(connection, word)) return;
      }
    }
  }

  bool say(int connection, const std::string& word) {
    const std::string& answer = answers_.at(word);
    if (answer.empty()) return false;
    const std::string line = answer + "\r\n";
    return send(connection, line.data(), line.size(), MSG_NOSIGNAL) > 0;
  }

  const std::map<std::string, std::string> answers_;
  int listening_ = socket(AF_INET, SOCK_STREAM, 0);
  std::uint16_t port_ = 0;
  std::string received_;
  std::jthread thread_;
};

std::map<std::string, std::string> polite() {
  return {{"", "220 mail.test"},  {"EHLO", "250 mail.test"}, {"MAIL", "250 ok"},
          {"RCPT", "250 ok"},     {"DATA", "354 go on"},     {".", "250 queued"},
          {"QUIT", "221 goodbye"}};
}

SmtpRequest request_to(const CurtServer& server) {
  SmtpRequest request{.server = {.host = "127.0.0.1", .port = server.port()}};
  request.start_tls = StartTls::kIfOffered;
  request.from = "finops@mail.example";
  request.to = "a@x.example";
  request.message = "Subject: s\r\n\r\nfirst\r\n.second\r\n";
  request.may_use_proxy = false;
  return request;
}

TEST(CurlSmtpTransportTest, HandsInAMailWithItsDotsStuffed) {
  CurtServer server(polite());
  const SmtpAnswer answer = make_smtp_transport("")->send(request_to(server), {});
  EXPECT_TRUE(answer.is_taken()) << answer.failure;
  EXPECT_THAT(server.received(), HasSubstr("MAIL FROM:<finops@mail.example>"));
  EXPECT_THAT(server.received(), HasSubstr("RCPT TO:<a@x.example>\r\n"));
  EXPECT_THAT(server.received(), HasSubstr("Subject: s\r\n\r\nfirst\r\n..second\r\n.\r\n"));
}

TEST(CurlSmtpTransportTest, SendsNothingToAServerWithoutTheTlsThatIsRequired) {
  CurtServer server(polite());
  SmtpRequest request = request_to(server);
  request.start_tls = StartTls::kRequired;
  request.user = "u";
  request.password = "s3cr3t";
  const SmtpAnswer answer = make_smtp_transport("")->send(request, {});
  EXPECT_EQ(answer.outcome, Outcome::kNoTls) << answer.failure;
  EXPECT_THAT(server.received(), Not(HasSubstr("AUTH")));
  EXPECT_THAT(server.received(), Not(HasSubstr("MAIL")));
}

TEST(CurlSmtpTransportTest, TellsTheReplyThatRefusedTheMail) {
  for (const auto& [command, reply] :
       std::map<std::string, std::string>{{"", "554 5.3.2 go away"},
                                          {"MAIL", "550 5.7.1 who are you"},
                                          {"RCPT", "450 4.2.1 try later"},
                                          {"DATA", "451 4.3.0 no room"},
                                          {".", "552 5.3.4 too large"}}) {
    auto answers = polite();
    answers[command] = reply;
    CurtServer server(answers);
    const SmtpAnswer answer = make_smtp_transport("")->send(request_to(server), {});
    EXPECT_EQ(answer.outcome, Outcome::kRefused) << command << ": " << answer.failure;
    EXPECT_EQ(std::to_string(answer.code) + " " + answer.text, reply) << command;
  }
}

TEST(CurlSmtpTransportTest, AConnectionThatEndsLeavesOpenWhetherTheMailWasTaken) {
  for (const char* command : {"EHLO", "MAIL", "RCPT", "DATA", "."}) {
    auto answers = polite();
    answers[command] = "";
    CurtServer server(answers);
    const SmtpAnswer answer = make_smtp_transport("")->send(request_to(server), {});
    EXPECT_EQ(answer.outcome, Outcome::kNoAnswer) << command << ": " << answer.failure;
    EXPECT_FALSE(answer.failure.empty());
  }
}

TEST(CurlSmtpTransportTest, ASilentServerAndNoServerAreTold) {
  const std::map<std::string, std::string> only_greets = {{"", "220 mail.test"}};
  CurtServer server(only_greets);
  SmtpRequest request = request_to(server);
  request.reply_timeout = std::chrono::seconds(1);
  request.total_timeout = std::chrono::seconds(3);
  EXPECT_EQ(make_smtp_transport("")->send(request, {}).outcome, Outcome::kNoAnswer);
  request.server.port = 1;
  EXPECT_EQ(make_smtp_transport("")->send(request, {}).outcome, Outcome::kNotSent);
}

}  // namespace
}  // namespace finops
