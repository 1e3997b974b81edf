#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "finops/core/clock.h"
#include "finops/service/service_message.h"

namespace finops {

/// What the log and the metrics are told of one request when it is over.
struct AccessRecord {
  std::string peer, method, path;  // the latter two are empty when the head could not be read
  std::string route;               // empty when no route fits
  int status = 0;                  // 0: the client was gone before the answer was sent
  std::uint64_t request_bytes = 0, response_bytes = 0;  // of the bodies
  std::chrono::microseconds duration{0};                // from the end of the head
};

struct HttpServerOptions {
  std::string listen = "127.0.0.1:8080";  // "[::1]:8080"; port 0: any free one
  std::size_t threads = 4;                // that run handlers
  std::size_t max_waiting = 256;          // requests that wait for a thread; then 503
  std::size_t max_connections = 512;      // then 503
  std::size_t max_header_bytes = 16u << 10;
  std::size_t max_target_bytes = 4u << 10;
  std::size_t max_body_bytes = 256u << 10;
  Duration header_timeout = std::chrono::seconds(10);  // from the first byte, of a head as a whole
  Duration body_timeout = std::chrono::seconds(30);    // of a body as a whole
  Duration idle_timeout = std::chrono::seconds(60);    // between two requests of a connection
  Duration write_timeout = std::chrono::seconds(30);   // of an answer as a whole
  Duration request_deadline = std::chrono::seconds(540);  // until a handler has to answer; then 503
  /// Called on the thread of the network: they must not wait.
  std::function<void(const AccessRecord&)> on_access;
  /// Something of ours broke: what a handler threw. From any thread.
  std::function<void(std::string_view)> on_error;
};

/// What becomes of a request whose head was read. With a refusal its body is not read; otherwise
/// `run` is called on a thread of the pool, or, for what never waits and has to be answered under
/// any load, on the thread of the network.
struct Admission {
  std::optional<ServiceResponse> refusal;
  const RequestFunction* run = nullptr;  // outlives the server
  bool is_immediate = false;
};

/// Called on the thread of the network; sets the request's route and path parameters.
using Admit = std::function<Admission(ServiceRequest&)>;

/// HTTP/1.1 over TCP, without TLS, which a proxy before it does. One thread does all reading and
/// writing, so a slow or silent client costs a connection and its buffers, never a thread; handlers
/// run on a pool of their own and may answer later, so a request that waits for minutes holds none
/// either. Every phase of a connection has a time limit and every size a bound: memory stays below
/// max_connections × (headers + body).
///
/// Made, then started, then stopped, once each. start() and stop() are called by the owner.
class HttpServer {
 public:
  /// kInvalidConfig when `listen` is no address with a port, or a limit is zero.
  HttpServer(HttpServerOptions options, Admit admit);
  ~HttpServer();  // stop(0)
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Listens. kUnavailable or kPermissionDenied, with the address, when it cannot.
  void start();
  std::uint16_t port() const;

  /// Takes no more connections, requests a stop of what runs and gives it `grace` to be answered;
  /// then everything is closed. Returns when the handlers that ran have returned, so they have to
  /// heed their stop token. True when every request got its answer.
  bool stop(Duration grace);

  std::size_t connections() const;
  std::size_t waiting_requests() const;

 private:
  struct Running;
  std::unique_ptr<Running> running_;
};

}  // namespace finops
