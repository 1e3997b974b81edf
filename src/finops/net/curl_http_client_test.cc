#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "finops/net/http.h"
#include "tests/support/listening_socket.h"

namespace finops {
namespace {

using Kind = HttpFailure::Kind;

/// A server on this machine that answers each connection's one request with given bytes and ends
/// the connection.
class BluntServer {
 public:
  explicit BluntServer(std::string answer) : answer_(std::move(answer)) {
    url_ = "http://127.0.0.1:" + std::to_string(listen_on_this_machine(listening_, 8)) + "/";
    thread_ = std::jthread([this] { serve(); });
  }
  ~BluntServer() {
    shutdown(listening_, SHUT_RDWR);  // accept() returns
    thread_.join();
    close(listening_);
  }
  BluntServer(const BluntServer&) = delete;
  BluntServer& operator=(const BluntServer&) = delete;

  const std::string& url() const { return url_; }

 private:
  void serve() {
    for (;;) {
      const int connection = accept(listening_, nullptr, nullptr);
      if (connection < 0) return;
      std::string request;
      char piece[4096];
      while (!request.ends_with("\r\n\r\n")) {
        const ssize_t n = recv(connection, piece, sizeof piece, 0);
        if (n <= 0) break;
        request.append(piece, static_cast<std::size_t>(n));
      }
      send(connection, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      close(connection);
    }
  }

  const std::string answer_;
  const int listening_ = socket(AF_INET, SOCK_STREAM, 0);
  std::string url_;
  std::jthread thread_;
};

/// A server that answers as many requests as come through a connection, and counts connections.
class PatientServer {
 public:
  PatientServer() {
    url_ = "http://127.0.0.1:" + std::to_string(listen_on_this_machine(listening_, 8)) + "/";
    thread_ = std::jthread([this] { serve(); });
  }
  ~PatientServer() {
    shutdown(listening_, SHUT_RDWR);
    thread_.join();
    close(listening_);
  }
  PatientServer(const PatientServer&) = delete;
  PatientServer& operator=(const PatientServer&) = delete;

  const std::string& url() const { return url_; }
  int connections() const { return connections_; }

 private:
  void serve() {
    std::vector<std::jthread> threads;
    for (;;) {
      const int connection = accept(listening_, nullptr, nullptr);
      if (connection < 0) return;
      ++connections_;
      threads.emplace_back([connection] {
        constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        char piece[4096];  // of which a request fills a part
        while (recv(connection, piece, sizeof piece, 0) > 0) {
          send(connection, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
        }
        close(connection);
      });
    }
  }

  std::atomic<int> connections_ = 0;
  const int listening_ = socket(AF_INET, SOCK_STREAM, 0);
  std::string url_;
  std::jthread thread_;
};

TEST(CurlHttpClientTest, UsesAConnectionAgainUnlessANewOneIsWanted) {
  const PatientServer server;
  const auto client = make_http_client({});
  HttpRequest request{.url = server.url(), .may_use_proxy = false};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client->send(request, {}).is_success());
  EXPECT_EQ(server.connections(), 1);
  request.wants_new_connection = true;
  EXPECT_TRUE(client->send(request, {}).is_success());
  EXPECT_EQ(server.connections(), 2);
}

HttpResponse answer_to(const std::string& method, const std::string& bytes) {
  const BluntServer server(bytes);
  const HttpRequest request{.method = method, .url = server.url(), .may_use_proxy = false};
  return make_http_client({})->send(request, {});
}

TEST(CurlHttpClientTest, AnAnswerThatEndsAnywhereBeforeItsEndIsNone) {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: \"e\"\r\n\r\nbody";
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const HttpResponse response = answer_to("GET", whole.substr(0, n));
    ASSERT_TRUE(response.failure) << n << ": " << response.status << " '" << response.body << "'";
    EXPECT_EQ(response.failure->kind, Kind::kNoAnswer) << n << ": " << response.failure->message;
  }
  const HttpResponse response = answer_to("GET", whole);
  EXPECT_FALSE(response.failure);
  EXPECT_EQ(response.body, "body");
}

TEST(CurlHttpClientTest, SoIsAnAnswerToHeadThatEndsWithinItsHeaders) {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: \"e\"\r\n\r\n";
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const HttpResponse response = answer_to("HEAD", whole.substr(0, n));
    ASSERT_TRUE(response.failure) << n;
    EXPECT_EQ(response.failure->kind, Kind::kNoAnswer) << n << ": " << response.failure->message;
  }
  EXPECT_EQ(answer_to("HEAD", whole).status, 200);
}

TEST(CurlHttpClientTest, TheHeadersAreThoseOfTheLastAnswer) {
  const HttpResponse response = answer_to("GET",
                                          "HTTP/1.1 100 Continue\r\nX: 1\r\n\r\n"
                                          "HTTP/1.1 204 No Content\r\nY: 2\r\n\r\n");
  ASSERT_FALSE(response.failure);
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(find_header(response.headers, "x"), nullptr);
  EXPECT_EQ(*find_header(response.headers, "y"), "2");
}

}  // namespace
}  // namespace finops
