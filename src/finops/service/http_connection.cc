#include "finops/service/http_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/read.hpp>
#include <exception>
#include <string_view>

#include "finops/core/ascii_case.h"
#include "finops/net/http_date.h"
#include "finops/service/problem.h"
#include "finops/service/request_target.h"

namespace finops {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr Duration kDrainTime = std::chrono::seconds(2);
constexpr Duration kRefusalTime = std::chrono::seconds(2);
constexpr std::size_t kMaxForgottenBytes = 1u << 20;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

ServiceResponse plain_problem(int status, std::string detail) {
  return problem_response({.status = status, .detail = std::move(detail)});
}

std::string text_of(const asio::ip::tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

/// Boost's views are types of its own, which ones depends on its version.
std::string text_of(boost::beast::string_view view) { return {view.data(), view.size()}; }

/// A header line; what would end it is left out.
void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  std::ranges::copy_if(value, std::back_inserter(out),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 || c == '\t'; });
  out += "\r\n";
}

std::string message_text(const ServiceResponse& response, bool has_body, bool is_kept) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  out += status_phrase(response.status);
  out += "\r\n";
  append_header(out, "Date", to_http_date(system_clock().now()));
  append_header(out, "X-Content-Type-Options", "nosniff");
  if (find_header(response.headers, "Cache-Control") == nullptr) {
    append_header(out, "Cache-Control", "no-store");
  }
  for (const HttpHeader& header : response.headers) append_header(out, header.name, header.value);
  const bool has_length = response.status != 204 && response.status != 304;
  if (has_length) append_header(out, "Content-Length", std::to_string(response.body.size()));
  if (!is_kept) append_header(out, "Connection", "close");
  out += "\r\n";
  if (has_length && has_body) out += response.body;
  return out;
}

/// What an error of the parser means to the client; nothing when the connection broke.
std::optional<ServiceResponse> problem_of(boost::system::error_code error,
                                          bool is_target_too_long) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    if (is_target_too_long) return plain_problem(414, "the URL is too long");
    return plain_problem(431, "the header fields are too large");
  }
  if (error == http::error::body_limit) return plain_problem(413, "the body is too large");
  if (error == http::error::bad_version) return plain_problem(505, "HTTP/1.1 is spoken here");
  if (error == http::error::end_of_stream || error == http::error::partial_message) return {};
  if (error.category() != http::make_error_code(http::error::bad_method).category()) return {};
  return plain_problem(400, "the request is not well-formed HTTP/1.1");
}

std::size_t count_of(const HttpHeaders& headers, std::string_view name) {
  const std::string lower = ascii_lower(name);
  return static_cast<std::size_t>(std::ranges::count_if(
      headers, [&](const HttpHeader& header) { return ascii_lower(header.name) == lower; }));
}

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<HttpConnections> shared,
                               asio::ip::tcp::socket socket, bool is_refused)
    : shared_(std::move(shared)),
      socket_(std::move(socket)),
      timer_(shared_->io),
      is_refused_(is_refused),
      buffer_(shared_->options.max_header_bytes + (16u << 10)) {}

void HttpConnection::start() {
  ErrorCode error;
  const asio::ip::tcp::endpoint peer = socket_.remote_endpoint(error);
  if (!error) peer_ = text_of(peer);
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
  socket_.non_blocking(true, error);
  enter(Phase::kWaiting, is_refused_ ? kRefusalTime : shared_->options.header_timeout);
  await_request();
}

void HttpConnection::ask_to_end() {
  if (phase_ == Phase::kWaiting || phase_ == Phase::kHead) return close();
  may_keep_ = false;
  stop_.request_stop();
}

void HttpConnection::close() {
  if (phase_ == Phase::kClosed) return;
  const auto self = shared_from_this();  // until the end of this function
  if (request_) report(0);
  enter(Phase::kClosed, Duration(0));
  ErrorCode ignored;
  socket_.close(ignored);
  stop_.request_stop();
  shared_->open.erase(self);
  shared_->open_count = shared_->open.size();
  if (shared_->open.empty() && shared_->on_none_left) shared_->on_none_left();
}

void HttpConnection::enter(Phase phase, Duration limit) {
  phase_ = phase;
  ++phase_number_;
  timer_.cancel();
  if (phase == Phase::kClosed) return;
  timer_.expires_after(limit);
  timer_.async_wait(in_this_phase([](HttpConnection& self, ErrorCode error) {
    if (!error) self.on_time_over();
  }));
}

void HttpConnection::on_time_over() {
  switch (phase_) {
    case Phase::kHead:
      may_keep_ = false;
      return answer(plain_problem(408, "the head of the request took too long"));
    case Phase::kBody:
      may_keep_ = false;
      return answer(plain_problem(408, "the body of the request took too long"));
    case Phase::kHandling: {
      const auto self = shared_from_this();
      answer(problem_response(overload_problem("the request was not done within its deadline")));
      stop_.request_stop();
      return;
    }
    default: return close();
  }
}

void HttpConnection::await_request() {
  if (buffer_.size() > 0) return read_head();
  socket_.async_wait(asio::socket_base::wait_read,
                     in_this_phase([](HttpConnection& self, ErrorCode error) {
                       if (error) return self.close();
                       self.read_head();
                     }));
}

void HttpConnection::read_head() {
  enter(Phase::kHead, is_refused_ ? kRefusalTime : shared_->options.header_timeout);
  may_keep_ = false;  // until the head says so
  request_bytes_ = 0;
  began_ = std::chrono::steady_clock::now();
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(shared_->options.max_header_bytes));
  parser_->body_limit(shared_->options.max_body_bytes);
  http::async_read_header(socket_, buffer_, *parser_,
                          in_this_phase([](HttpConnection& self, ErrorCode error, std::size_t) {
                            self.on_head(error);
                          }));
}

void HttpConnection::on_head(ErrorCode error) {
  if (error) return on_read_error(error);
  const auto& head = parser_->get();
  began_ = std::chrono::steady_clock::now();
  stop_ = std::stop_source();
  request_ = std::make_shared<ServiceRequest>();
  request_->method = text_of(head.method_string());
  request_->peer = peer_;
  request_->stop = stop_.get_token();
  for (const auto& field : head) {
    request_->headers.push_back({text_of(field.name_string()), text_of(field.value())});
  }
  const bool is_whole = parser_->is_done();
  // HTTP/1.0 has several ways to keep a connection; none is worth it.
  const bool asks_to_keep = head.version() == 11 && head.keep_alive();
  may_keep_ = is_whole && asks_to_keep;
  if (auto problem = head_problem()) {
    may_keep_ = false;
    return answer(*problem);
  }
  try {
    admission_ = shared_->admit(*request_);
  } catch (const std::exception& thrown) {
    if (shared_->options.on_error) shared_->options.on_error(thrown.what());
    admission_ = {.refusal = problem_response(internal_problem())};
  }
  if (admission_.refusal) return answer(*admission_.refusal);
  if (is_whole) return run_handler();
  may_keep_ = asks_to_keep;
  const std::string* expected = find_header(request_->headers, "Expect");
  ask_for_body(expected != nullptr && head.version() == 11);
}

std::optional<ServiceResponse> HttpConnection::head_problem() {
  const auto& head = parser_->get();
  const std::string_view target(head.target().data(), head.target().size());
  if (target.size() > shared_->options.max_target_bytes) {
    return plain_problem(414, "the URL is too long");
  }
  auto parsed = RequestTarget::parse(target);
  if (!parsed) return plain_problem(400, "the URL is not a well-formed path and query");
  request_->path = std::move(parsed->path);
  request_->query = std::move(parsed->query);
  const std::size_t hosts = count_of(request_->headers, "Host");
  if (hosts > 1 || (hosts == 0 && head.version() == 11)) {
    return plain_problem(400, "a request has one field Host");
  }
  // A list of lengths is what different servers read differently (RFC 9112, 6.3).
  if (count_of(request_->headers, "Transfer-Encoding") > 0 &&
      (head.version() != 11 || count_of(request_->headers, "Content-Length") > 0)) {
    return plain_problem(400, "the length of the body is given in two ways");
  }
  const std::string* encoding = find_header(request_->headers, "Transfer-Encoding");
  if (encoding != nullptr && ascii_lower(*encoding) != "chunked") {
    return plain_problem(501, "chunked is the only Transfer-Encoding that is known here");
  }
  const std::string* expected = find_header(request_->headers, "Expect");
  if (expected != nullptr && ascii_lower(*expected) != "100-continue") {
    return plain_problem(417, "100-continue is the only expectation that can be met");
  }
  if (is_refused_) return problem_response(overload_problem("there are too many connections"));
  return {};
}

void HttpConnection::ask_for_body(bool is_expected) {
  enter(Phase::kBody, shared_->options.body_timeout);
  if (!is_expected) return read_body();
  asio::async_write(socket_, asio::buffer(kContinue),
                    in_this_phase([](HttpConnection& self, ErrorCode error, std::size_t) {
                      if (error) return self.close();
                      self.read_body();
                    }));
}

void HttpConnection::read_body() {
  http::async_read(socket_, buffer_, *parser_,
                   in_this_phase([](HttpConnection& self, ErrorCode error, std::size_t) {
                     self.on_body(error);
                   }));
}

void HttpConnection::on_body(ErrorCode error) {
  if (error) return on_read_error(error);
  request_->body = std::move(parser_->get().body());
  request_bytes_ = request_->body.size();
  run_handler();
}

void HttpConnection::on_read_error(ErrorCode error) {
  auto problem = problem_of(error, is_target_too_long());
  may_keep_ = false;
  if (!problem) return close();
  answer(*problem);
}

bool HttpConnection::is_target_too_long() const {
  if (!parser_->get().target().empty()) return false;  // the parser is beyond the first line
  const std::string_view text(static_cast<const char*>(buffer_.data().data()), buffer_.size());
  return text.substr(0, shared_->options.max_target_bytes).find('\n') == text.npos;
}

void HttpConnection::run_handler() {
  enter(Phase::kHandling, shared_->options.request_deadline);
  const auto task = [request = request_, run = admission_.run, reply = reply_to_this(),
                     on_error = &shared_->options.on_error] {
    try {
      (*run)(*request, reply);
    } catch (const std::exception& thrown) {
      if (*on_error) (*on_error)(thrown.what());
      reply(problem_response(internal_problem()));
    }
  };
  watch_client();
  if (admission_.is_immediate) return task();
  if (!shared_->pool.try_run(task)) {
    answer(problem_response(overload_problem("there are too many requests")));
  }
}

/// Reads nothing: what the client sends meanwhile is its next request.
void HttpConnection::watch_client() {
  socket_.async_wait(asio::socket_base::wait_read,
                     in_this_phase([](HttpConnection& self, ErrorCode error) {
                       if (!error) self.on_client_sent_or_gone();
                     }));
}

void HttpConnection::on_client_sent_or_gone() {
  char byte = 0;
  const ssize_t count = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count > 0) return;
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
    return watch_client();
  }
  if (count < 0) return close();
  // The client sends no more, but may still be reading.
  may_keep_ = false;
  stop_.request_stop();
}

Reply HttpConnection::reply_to_this() {
  // Neither pointer may be the last one in the end: a reply may outlive the server. The connection
  // is let go before what it needs.
  return Reply([weak_shared = std::weak_ptr(shared_), weak = weak_from_this(),
                number = phase_number_](ServiceResponse response) {
    const auto shared = weak_shared.lock();
    const auto self = weak.lock();
    if (!shared || !self) return;
    asio::post(shared->io, [weak, number, response = std::move(response)] {
      const auto connection = weak.lock();
      if (connection && connection->phase_number_ == number) {
        connection->answer(response);
      }
    });
  });
}

void HttpConnection::answer(const ServiceResponse& response) {
  ErrorCode ignored;
  const bool is_reading_goes_on =
      phase_ == Phase::kHead || phase_ == Phase::kBody || phase_ == Phase::kHandling;
  enter(Phase::kAnswering, shared_->options.write_timeout);
  if (is_reading_goes_on) socket_.cancel(ignored);
  may_keep_ = may_keep_ && !shared_->is_stopping;
  const bool has_body = !request_ || request_->method != "HEAD";
  status_ = response.status;
  response_bytes_ = has_body ? response.body.size() : 0;
  out_ = message_text(response, has_body, may_keep_);
  asio::async_write(socket_, asio::buffer(out_),
                    in_this_phase([](HttpConnection& self, ErrorCode error, std::size_t) {
                      self.on_answered(error);
                    }));
}

void HttpConnection::on_answered(ErrorCode error) {
  if (error) return close();
  report(status_);
  request_ = nullptr;
  std::string().swap(out_);
  if (!may_keep_) return drain();
  parser_.reset();
  enter(Phase::kWaiting, shared_->options.idle_timeout);
  await_request();
}

/// Closing while bytes of the client are unread would reset the connection, and the answer with it.
void HttpConnection::drain() {
  enter(Phase::kDraining, kDrainTime);
  ErrorCode ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  read_and_forget();
}

void HttpConnection::read_and_forget() {
  socket_.async_read_some(
      asio::buffer(forgotten_),
      in_this_phase([](HttpConnection& self, ErrorCode error, std::size_t count) {
        self.forgotten_bytes_ += count;
        if (error || self.forgotten_bytes_ > kMaxForgottenBytes) {
          return self.close();
        }
        self.read_and_forget();
      }));
}

void HttpConnection::report(int status) {
  if (!shared_->options.on_access) return;
  AccessRecord record{.peer = peer_, .status = status, .request_bytes = request_bytes_};
  if (request_) {
    record.method = request_->method;
    record.path = request_->path;
    record.route = request_->route;
  }
  if (status != 0) record.response_bytes = response_bytes_;
  record.duration = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - began_);
  shared_->options.on_access(record);
}

}  // namespace finops
