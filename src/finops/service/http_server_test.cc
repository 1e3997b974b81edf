#include "finops/service/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "finops/core/error.h"
#include "finops/service/operations.h"
#include "finops/service/router.h"
#include "tests/support/raw_client.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kGet = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n";

auto has_status(int status) { return StartsWith("HTTP/1.1 " + std::to_string(status) + ' '); }

/// Opens once, for all who wait.
class Door {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  bool wait(std::chrono::milliseconds patience = 10s) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;
};

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    options_.listen = "127.0.0.1:0";
    options_.threads = 2;
    options_.on_access = [this](const AccessRecord& record) {
      const std::lock_guard lock(mutex_);
      accesses_.push_back(record);
    };
    options_.on_error = [this](std::string_view what) {
      const std::lock_guard lock(mutex_);
      errors_.emplace_back(what);
    };
    const auto echo = [](const ServiceRequest& request) {
      return ServiceResponse{.body = request.method + '[' + request.body + ']'};
    };
    router_.add({.method = "GET", .pattern = "/echo"}, echo);
    router_.add({.method = "POST", .pattern = "/echo"}, echo);
    router_.add({.method = "POST", .pattern = "/json", .content_type = "application/json"}, echo);
    router_.add({.method = "GET", .pattern = "/broken"},
                [](const ServiceRequest&) -> ServiceResponse {
                  throw Error(ErrorKind::kNotFound, "open '/etc/secret': no such file");
                });
    router_.add_waiting({.method = "GET", .pattern = "/forgotten"},
                        [](const ServiceRequest&, const Reply&) {});
    router_.add_waiting({.method = "POST", .pattern = "/later"},
                        [this](const ServiceRequest& request, const Reply& reply) {
                          const std::lock_guard lock(mutex_);
                          stops_.push_back(request.stop);
                          replies_.push_back(reply);
                          came_.notify_all();
                        });
    // Holds a thread until the door opens.
    router_.add({.method = "GET", .pattern = "/blocking"}, [this](const ServiceRequest&) {
      ++blocked_;
      door_.wait();
      return ServiceResponse();
    });
  }
  void TearDown() override { door_.open(); }

  HttpServer& start() {
    server_ = std::make_unique<HttpServer>(
        options_, [this](ServiceRequest& request) { return router_.admit(request); });
    server_->start();
    return *server_;
  }
  RawClient client() { return RawClient(server_->port()); }
  std::string answer_to(std::string_view request) {
    RawClient client(server_->port());
    client.send(request);
    return client.answer();
  }
  static std::string post(std::string_view path, std::string_view body) {
    return "POST " + std::string(path) +
           " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
  }
  Reply reply_number(std::size_t number) {
    std::unique_lock lock(mutex_);
    came_.wait_for(lock, 10s, [&] { return replies_.size() > number; });
    return replies_.at(number);
  }
  template <typename Condition>
  static bool becomes_true(Condition condition) {
    for (int i = 0; i < 1000 && !condition(); ++i) std::this_thread::sleep_for(10ms);
    return condition();
  }
  std::vector<int> statuses() {
    const std::lock_guard lock(mutex_);
    std::vector<int> result;
    for (const AccessRecord& record : accesses_) result.push_back(record.status);
    return result;
  }

  HttpServerOptions options_;
  Router router_;
  Door door_;
  std::atomic<int> blocked_ = 0;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<AccessRecord> accesses_;
  std::vector<std::string> errors_;
  std::vector<Reply> replies_;
  std::vector<std::stop_token> stops_;
  std::unique_ptr<HttpServer> server_;  // last: it ends before what it uses
};

TEST_F(HttpServerTest, AnswersAndKeepsTheConnection) {
  start();
  RawClient client(server_->port());
  client.send(kGet);
  EXPECT_THAT(client.answer(),
              AllOf(has_status(200), HasSubstr("X-Content-Type-Options: nosniff\r\n"),
                    HasSubstr("Cache-Control: no-store\r\n"), HasSubstr(" GMT\r\n"),
                    HasSubstr("GET[]"), Not(HasSubstr("Connection: close"))));
  client.send(post("/echo", "body"));
  EXPECT_THAT(client.answer(), HasSubstr("POST[body]"));
  client.send("HEAD /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.rest(), AllOf(has_status(200), HasSubstr("Content-Length: 6\r\n"),
                                   Not(HasSubstr("HEAD[]")), HasSubstr("Connection: close")));
  EXPECT_TRUE(client.is_closed());
}

TEST_F(HttpServerTest, TellsItsLogWhatItAnswered) {
  start();
  answer_to(post("/echo", "body"));
  answer_to("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
  answer_to("garbage\r\n\r\n");
  ASSERT_TRUE(becomes_true([this] { return statuses().size() == 3; }));
  EXPECT_THAT(accesses_[0].peer, StartsWith("127.0.0.1:"));
  EXPECT_EQ(accesses_[0].method, "POST");
  EXPECT_EQ(accesses_[0].path, "/echo");
  EXPECT_EQ(accesses_[0].route, "/echo");
  EXPECT_EQ(accesses_[0].request_bytes, 4U);
  EXPECT_EQ(accesses_[0].response_bytes, 10U);
  EXPECT_EQ(accesses_[1].path, "/nowhere");
  EXPECT_EQ(accesses_[1].route, "");
  EXPECT_THAT(statuses(), ElementsAre(200, 404, 400));
}

TEST_F(HttpServerTest, ListensOnIpv6) {
  options_.listen = "[::1]:0";
  start();
  RawClient client(server_->port(), true);
  client.send(kGet);
  EXPECT_THAT(client.answer(), has_status(200));
}

TEST_F(HttpServerTest, RefusesAnAddressThatIsNone) {
  for (const char* listen : {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "::1:80",
                             "[127.0.0.1]:80", "host.example:80", "127.0.0.1:80x", "[]:80"}) {
    options_.listen = listen;
    const Error error = error_thrown_by([&] { start(); });
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig) << listen;
  }
}

TEST_F(HttpServerTest, SaysThatItsPortIsTaken) {
  start();
  options_.listen = "127.0.0.1:" + std::to_string(server_->port());
  HttpServer second(options_, [](ServiceRequest&) { return Admission(); });
  const Error error = error_thrown_by([&] { second.start(); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr(options_.listen));
}

TEST_F(HttpServerTest, ReadsChunkedBodies) {
  start();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(answer_to(head + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n"),
              HasSubstr("POST[abcde]"));
  EXPECT_THAT(answer_to(head + "zz\r\nabc\r\n"), has_status(400));
}

TEST_F(HttpServerTest, AsksForABodyThatWaitsToBeAskedFor) {
  start();
  RawClient client(server_->port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  EXPECT_THAT(client.answer(), AllOf(has_status(200), HasSubstr("POST[body]")));
}

TEST_F(HttpServerTest, RefusesBeforeTheBodyIsSent) {
  start();
  const std::string rest = " HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: ";
  EXPECT_THAT(answer_to("POST /nowhere" + rest + "100-continue\r\n\r\n"), has_status(404));
  EXPECT_THAT(answer_to("POST /json" + rest + "100-continue\r\n\r\n"), has_status(415));
  EXPECT_THAT(answer_to("POST /echo" + rest + "a-miracle\r\n\r\n"), has_status(417));
}

TEST_F(HttpServerTest, TakesPipelinedRequestsInTheirOrder) {
  start();
  RawClient client(server_->port());
  client.send(post("/echo", "1") + std::string(kGet) + post("/echo", "2") + "garbage\r\n\r\n" +
              std::string(kGet));
  EXPECT_THAT(client.answer(), HasSubstr("POST[1]"));
  EXPECT_THAT(client.answer(), HasSubstr("GET[]"));
  EXPECT_THAT(client.answer(), HasSubstr("POST[2]"));
  // What follows garbage is not read as a request.
  EXPECT_THAT(client.rest(), AllOf(has_status(400), Not(HasSubstr("GET[]"))));
  EXPECT_TRUE(client.is_closed());
}

struct BadRequest {
  const char* what;
  std::string text;
  int status;
};

TEST_F(HttpServerTest, RefusesWhatIsNoRequest) {
  options_.max_body_bytes = 1000;
  start();
  const std::string post_head = "POST /echo HTTP/1.1\r\nHost: x\r\n";
  const BadRequest requests[] = {
      {"binary", "\x16\x03\x01\x02\x00\x01\r\n\r\n"s, 400},
      {"version 2", "GET /echo HTTP/2.0\r\nHost: x\r\n\r\n", 505},
      {"no host", "GET /echo HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET /echo HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n", 400},
      {"space before the colon", "GET /echo HTTP/1.1\r\nHost : x\r\n\r\n", 400},
      {"control in a header", "GET /echo HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n"s, 400},
      {"broken escape", "GET /echo%2 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"NUL in the path", "GET /echo%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"no path", "GET echo HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"two lengths", post_head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"length and chunks",
       post_head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunks and length",
       post_head + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
      {"negative length", post_head + "Content-Length: -1\r\n\r\n", 400},
      {"other encoding", post_head + "Transfer-Encoding: gzip\r\n\r\n", 501},
      {"long body", post_head + "Content-Length: 1001\r\n\r\n", 413},
      {"huge length", post_head + "Content-Length: 18446744073709551616\r\n\r\n", 400},
      {"long chunks",
       post_head + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'a') +
           "\r\n0\r\n\r\n",
       413},
      {"long path", "GET /" + std::string(5000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
      {"endless path", "GET /" + std::string(40000, 'a'), 414},
      {"long headers",
       "GET /echo HTTP/1.1\r\nHost: x\r\nA: " + std::string(40000, 'a') + "\r\n\r\n", 431},
  };
  for (const BadRequest& request : requests) {
    RawClient client(server_->port());
    client.send(request.text);
    const std::string answer = client.rest();
    EXPECT_THAT(answer, AllOf(has_status(request.status), HasSubstr("application/problem+json"),
                              HasSubstr("Connection: close")))
        << request.what;
    EXPECT_TRUE(client.is_closed()) << request.what;
  }
  EXPECT_THAT(answer_to(kGet), has_status(200));
}

TEST_F(HttpServerTest, ReadsAnAnswerOnlyAfterALongRefusedBodyIsThere) {
  options_.max_body_bytes = 1000;
  start();
  RawClient client(server_->port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n" +
              std::string(500000, 'a'));
  EXPECT_THAT(client.rest(), has_status(413));
}

TEST_F(HttpServerTest, EndsHeadsThatDripIn) {
  options_.header_timeout = 200ms;
  start();
  RawClient client(server_->port());
  const auto began = std::chrono::steady_clock::now();
  for (const char c : std::string_view("GET /echo HTTP/1.1\r\nHost: x\r\nA: aaaaaaaaaaaaa")) {
    if (!client.send(std::string_view(&c, 1))) break;
    if (std::chrono::steady_clock::now() - began > 2s) break;
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_THAT(client.rest(), has_status(408));
  EXPECT_TRUE(client.is_closed());
}

TEST_F(HttpServerTest, EndsBodiesThatDripIn) {
  options_.body_timeout = 200ms;
  start();
  RawClient client(server_->port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
  for (int i = 0; i < 25; ++i) {
    client.send("a");
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_THAT(client.rest(), has_status(408));
  EXPECT_TRUE(client.is_closed());
}

TEST_F(HttpServerTest, EndsConnectionsThatSayNothing) {
  options_.header_timeout = 100ms;
  options_.idle_timeout = 200ms;
  start();
  RawClient silent(server_->port());
  EXPECT_THAT(silent.rest(), IsEmpty());
  EXPECT_TRUE(silent.is_closed());
  RawClient idle(server_->port());
  idle.send(kGet);
  EXPECT_THAT(idle.answer(), has_status(200));
  EXPECT_THAT(idle.rest(), IsEmpty());
  EXPECT_TRUE(idle.is_closed());
  EXPECT_TRUE(becomes_true([this] { return server_->connections() == 0; }));
}

TEST_F(HttpServerTest, EndsClientsThatDoNotReadTheirAnswer) {
  options_.write_timeout = 200ms;
  router_.add({.method = "GET", .pattern = "/long"}, [](const ServiceRequest&) {
    return ServiceResponse{.body = std::string(32u << 20, 'a')};
  });
  start();
  RawClient client(server_->port());
  client.send("GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(becomes_true([this] { return statuses() == std::vector<int>{0}; }));
  EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(HttpServerTest, ManySlowClientsDoNotKeepOthersOut) {
  start();
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 300; ++i) {
    slow.push_back(std::make_unique<RawClient>(server_->port()));
    slow.back()->send(i % 2 == 0 ? "GET /echo HTT"
                                 : "POST /echo HTTP/1.1\r\nHost: x\r\nContent-"
                                   "Length: 9\r\n\r\nabc");
  }
  for (int i = 0; i < 20; ++i) EXPECT_THAT(answer_to(kGet), has_status(200));
}

TEST_F(HttpServerTest, RefusesMoreConnectionsThanItHasPlaceFor) {
  options_.max_connections = 3;
  start();
  std::vector<std::unique_ptr<RawClient>> kept;
  for (int i = 0; i < 3; ++i) {
    kept.push_back(std::make_unique<RawClient>(server_->port()));
    kept.back()->send(kGet);
    EXPECT_THAT(kept.back()->answer(), has_status(200));
  }
  RawClient refused(server_->port());
  refused.send(kGet);
  EXPECT_THAT(refused.rest(), AllOf(has_status(503), HasSubstr("Retry-After: 5\r\n")));
  kept.pop_back();
  EXPECT_TRUE(becomes_true([this] { return server_->connections() == 2; }));
  EXPECT_THAT(answer_to(kGet), has_status(200));
}

TEST_F(HttpServerTest, ClosesWhatIsBeyondTheConnectionsThatItRefuses) {
  options_.max_connections = 1;
  start();
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(std::make_unique<RawClient>(server_->port()));
  EXPECT_THAT(silent.back()->rest(), IsEmpty());
  EXPECT_TRUE(silent.back()->is_closed());
  EXPECT_LE(server_->connections(), 65U);
}

TEST_F(HttpServerTest, RefusesWhatNoThreadWillTakeAndStillSaysThatItLives) {
  options_.max_waiting = 1;
  Metrics metrics;
  add_operations(router_, metrics, {});
  start();
  const std::string blocking = "GET /blocking HTTP/1.1\r\nHost: x\r\n\r\n";
  RawClient first(server_->port()), second(server_->port()), third(server_->port());
  // One may wait: a request that is not taken yet is it.
  first.send(blocking);
  ASSERT_TRUE(becomes_true([this] { return blocked_ == 1; }));
  second.send(blocking);
  ASSERT_TRUE(becomes_true([this] { return blocked_ == 2; }));
  third.send(blocking);
  ASSERT_TRUE(becomes_true([this] { return server_->waiting_requests() == 1; }));
  EXPECT_THAT(answer_to(kGet), AllOf(has_status(503), HasSubstr("Retry-After: 5\r\n")));
  EXPECT_THAT(answer_to("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), has_status(200));
  door_.open();
  for (RawClient* client : {&first, &second, &third}) {
    EXPECT_THAT(client->answer(), has_status(200));
  }
}

TEST_F(HttpServerTest, RequestsThatWaitHoldNoThread) {
  start();
  std::vector<std::unique_ptr<RawClient>> waiting;
  for (std::size_t i = 0; i < 50; ++i) {
    waiting.push_back(std::make_unique<RawClient>(server_->port()));
    waiting.back()->send(post("/later", "x"));
  }
  reply_number(49);
  EXPECT_THAT(answer_to(kGet), has_status(200));
  for (std::size_t i = 0; i < 50; ++i) reply_number(i)({.body = "done"});
  for (const auto& client : waiting) EXPECT_THAT(client->answer(), HasSubstr("done"));
}

TEST_F(HttpServerTest, OnlyTheFirstAnswerCounts) {
  start();
  RawClient client(server_->port());
  client.send(post("/later", "x") + std::string(kGet));
  const Reply reply = reply_number(0);
  reply({.body = "first"});
  reply({.body = "second"});
  EXPECT_THAT(client.answer(), HasSubstr("first"));
  EXPECT_THAT(client.answer(), HasSubstr("GET[]"));
}

TEST_F(HttpServerTest, AnswersItselfWhenTheDeadlineIsOver) {
  options_.request_deadline = 100ms;
  start();
  RawClient client(server_->port());
  client.send(post("/later", "x") + std::string(kGet));
  EXPECT_THAT(client.answer(), AllOf(has_status(503), HasSubstr("Retry-After: 5\r\n")));
  EXPECT_THAT(client.answer(), HasSubstr("GET[]"));
  const Reply late = reply_number(0);
  EXPECT_TRUE(stops_.at(0).stop_requested());
  late({.body = "late"});
  client.send(kGet);
  EXPECT_THAT(client.answer(), HasSubstr("GET[]"));
}

TEST_F(HttpServerTest, TellsAHandlerThatItsClientIsGone) {
  start();
  for (const bool is_reset : {false, true}) {
    const std::size_t number = is_reset ? 1 : 0;
    {
      RawClient client(server_->port());
      if (is_reset) client.reset_on_close();
      client.send(post("/later", "x"));
      reply_number(number);
    }
    EXPECT_TRUE(becomes_true([&] { return stops_.at(number).stop_requested(); }));
    reply_number(number)({.body = "to nobody"});
    EXPECT_TRUE(becomes_true([this] { return server_->connections() == 0; }));
  }
}

TEST_F(HttpServerTest, AnswersAClientThatOnlyClosedItsSendingSide) {
  start();
  RawClient client(server_->port());
  client.send(post("/later", "x"));
  client.close_sending();
  const Reply reply = reply_number(0);
  ASSERT_TRUE(becomes_true([&] { return stops_.at(0).stop_requested(); }));
  reply({.body = "done"});
  EXPECT_THAT(client.rest(), HasSubstr("done"));
}

TEST_F(HttpServerTest, TellsItsLogAndNotTheClientWhatBroke) {
  start();
  EXPECT_THAT(answer_to("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n"),
              AllOf(has_status(500), Not(HasSubstr("secret"))));
  {
    const std::lock_guard lock(mutex_);
    EXPECT_THAT(errors_, ElementsAre("open '/etc/secret': no such file"));
  }
  EXPECT_THAT(answer_to("GET /forgotten HTTP/1.1\r\nHost: x\r\n\r\n"), has_status(500));
}

TEST_F(HttpServerTest, StoppingLetsRunningRequestsEnd) {
  start();
  RawClient idle(server_->port()), waiting(server_->port()), blocking(server_->port());
  idle.send(kGet);
  idle.answer();
  waiting.send(post("/later", "x"));
  blocking.send("GET /blocking HTTP/1.1\r\nHost: x\r\n\r\n");
  const Reply reply = reply_number(0);
  ASSERT_TRUE(becomes_true([this] { return blocked_ == 1; }));
  const std::stop_callback answers(stops_.at(0), [&] {
    reply({.status = 503});
    door_.open();
  });
  const std::uint16_t port = server_->port();
  EXPECT_TRUE(server_->stop(10s));
  EXPECT_THAT(idle.rest(), IsEmpty());
  EXPECT_TRUE(idle.is_closed());
  EXPECT_THAT(waiting.rest(), AllOf(has_status(503), HasSubstr("Connection: close")));
  EXPECT_THAT(blocking.rest(), has_status(200));
  EXPECT_THROW(RawClient{port}, std::runtime_error);
}

TEST_F(HttpServerTest, StoppingCutsOffWhatDoesNotEndInTime) {
  start();
  RawClient waiting(server_->port());
  waiting.send(post("/later", "x"));
  const Reply reply = reply_number(0);
  EXPECT_FALSE(server_->stop(100ms));
  EXPECT_THAT(waiting.rest(), IsEmpty());
  EXPECT_THAT(statuses(), ElementsAre(0));
  server_.reset();
  reply({.body = "to nobody"});
}

TEST_F(HttpServerTest, IsSteadyUnderManyClientsThatComeAndGo) {
  start();
  std::atomic<int> answered = 0;
  {
    std::vector<std::jthread> clients;
    for (int thread = 0; thread < 8; ++thread) {
      clients.emplace_back([this, thread, &answered] {
        for (int i = 0; i < 40; ++i) {
          RawClient client(server_->port());
          client.send(post("/echo", std::string(static_cast<std::size_t>(i * 100), 'a')));
          if ((i + thread) % 4 == 0) continue;  // gone at once
          if (client.answer().starts_with("HTTP/1.1 200 ")) ++answered;
        }
      });
    }
  }
  EXPECT_EQ(answered, 8 * 30);
  EXPECT_TRUE(server_->stop(5s));
}

}  // namespace
}  // namespace finops
