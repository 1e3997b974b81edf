#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "finops/service/http_server.h"
#include "finops/service/worker_pool.h"

namespace finops {

class HttpConnection;

/// What the connections of one server share. All but the pool and the counter belong to the thread
/// of the network. `io` comes first, so that it is there as long as a socket is.
struct HttpConnections {
  HttpConnections(HttpServerOptions given, Admit asked)
      : options(std::move(given)),
        admit(std::move(asked)),
        pool(options.threads, options.max_waiting) {}

  boost::asio::io_context io{1};
  const HttpServerOptions options;
  const Admit admit;
  WorkerPool pool;
  std::set<std::shared_ptr<HttpConnection>> open;
  std::atomic<std::size_t> open_count = 0;
  bool is_stopping = false;
  bool was_cut_off = false;            // stopping left a request without its answer
  std::function<void()> on_none_left;  // while stopping
};

/// One client's connection, from accepting to closing, on the thread of the network:
/// waiting → head → body → handling → answering, and from there waiting again or draining → closed.
/// Every phase has a time limit of its own. There is one timer and at most one read and one write
/// under way; what completes after its phase has ended is told by `phase_number_` and ignored.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  /// `is_refused`: there are too many; the first request is answered with 503.
  HttpConnection(std::shared_ptr<HttpConnections> shared, boost::asio::ip::tcp::socket socket,
                 bool is_refused);

  void start();
  /// The server stops: closed when no request is there, else its handler is told.
  void ask_to_end();
  void close();
  bool has_request() const { return request_ != nullptr; }

 private:
  enum class Phase { kWaiting, kHead, kBody, kHandling, kAnswering, kDraining, kClosed };
  using ErrorCode = boost::system::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  /// Ends the phase that was, and gives the new one its time.
  void enter(Phase phase, Duration limit);
  void on_time_over();
  /// `step`, when the phase in which it was made goes on.
  template <typename Step>
  auto in_this_phase(Step step) {
    return [self = shared_from_this(), number = phase_number_, step](auto... results) {
      if (self->phase_number_ == number) step(*self, results...);
    };
  }

  void await_request();
  void read_head();
  void on_head(ErrorCode error);
  /// A problem of the head that no handler has to see; the request is filled in.
  std::optional<ServiceResponse> head_problem();
  void ask_for_body(bool is_expected);
  void read_body();
  void on_body(ErrorCode error);
  void on_read_error(ErrorCode error);
  void run_handler();
  void watch_client();
  void on_client_sent_or_gone();
  Reply reply_to_this();
  void answer(const ServiceResponse& response);
  void on_answered(ErrorCode error);
  void drain();
  void read_and_forget();
  void report(int status);
  bool is_target_too_long() const;

  const std::shared_ptr<HttpConnections> shared_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  const bool is_refused_;
  std::string peer_;
  Phase phase_ = Phase::kWaiting;
  std::uint64_t phase_number_ = 0;

  boost::beast::flat_buffer buffer_;  // read and not yet parsed: also the next requests' bytes
  std::optional<Parser> parser_;
  std::shared_ptr<ServiceRequest> request_;  // null while there is none
  Admission admission_;
  std::stop_source stop_;
  std::chrono::steady_clock::time_point began_;
  std::uint64_t request_bytes_ = 0;
  bool may_keep_ = false;  // the connection, after this answer
  int status_ = 0;
  std::uint64_t response_bytes_ = 0;
  std::string out_;
  std::array<char, 4096> forgotten_;
  std::size_t forgotten_bytes_ = 0;
};

}  // namespace finops
