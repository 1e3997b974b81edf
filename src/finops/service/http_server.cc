#include "finops/service/http_server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <thread>
#include <utility>

#include "finops/core/error.h"
#include "finops/service/http_connection.h"

namespace finops {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Connections beyond the limit that are told so; further ones are closed at once.
constexpr std::size_t kMaxRefusedConnections = 64;
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

std::optional<std::uint16_t> port_number(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return port;
}

/// "127.0.0.1:8080", "[::1]:8080", "localhost:8080".
tcp::endpoint parse_listen(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const auto port = colon == text.npos ? std::nullopt : port_number(text.substr(colon + 1));
  std::string host(text.substr(0, port ? colon : 0));
  const bool has_brackets = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  if (has_brackets) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (!port || error || address.is_v6() != has_brackets) {
    throw Error(ErrorKind::kInvalidConfig,
                "listen address '" + std::string(text) +
                    "' has to be an address and a port, as in 127.0.0.1:8080 or [::1]:8080");
  }
  return {address, *port};
}

void check_limits(const HttpServerOptions& options) {
  const bool has_zero =
      options.threads == 0 || options.max_connections == 0 || options.max_header_bytes == 0 ||
      options.max_target_bytes == 0 || options.header_timeout <= Duration(0) ||
      options.body_timeout <= Duration(0) || options.idle_timeout <= Duration(0) ||
      options.write_timeout <= Duration(0) || options.request_deadline <= Duration(0);
  if (has_zero) {
    throw Error(ErrorKind::kInvalidConfig,
                "the server's numbers of threads and connections, its sizes and its times have to "
                "be greater than zero");
  }
}

}  // namespace

struct HttpServer::Running {
  Running(HttpServerOptions options, Admit admit)
      : endpoint(parse_listen(options.listen)),
        shared(std::make_shared<HttpConnections>(std::move(options), std::move(admit))),
        acceptor(shared->io),
        pause(shared->io),
        grace_over(shared->io) {}

  void listen();
  void accept_next();
  void on_accepted(boost::system::error_code error, tcp::socket socket);
  void begin_stop(Duration grace);
  void close_all();

  tcp::endpoint endpoint;
  const std::shared_ptr<HttpConnections> shared;
  tcp::acceptor acceptor;
  asio::steady_timer pause, grace_over;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::jthread network;
};

void HttpServer::Running::listen() {
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) endpoint = acceptor.local_endpoint(error);
  if (error) throw error_from_errno(error.value(), "listen on", shared->options.listen);
}

void HttpServer::Running::accept_next() {
  acceptor.async_accept([this](boost::system::error_code error, tcp::socket socket) {
    on_accepted(error, std::move(socket));
  });
}

void HttpServer::Running::on_accepted(boost::system::error_code error, tcp::socket socket) {
  if (shared->is_stopping) return;
  if (error) {  // no file descriptors or no memory: some connection has to end first
    pause.expires_after(kAcceptPause);
    pause.async_wait([this](boost::system::error_code cancelled) {
      if (!cancelled && !shared->is_stopping) accept_next();
    });
    return;
  }
  const std::size_t limit = shared->options.max_connections;
  if (shared->open.size() < limit + kMaxRefusedConnections) {
    const bool is_refused = shared->open.size() >= limit;
    const auto connection = std::make_shared<HttpConnection>(shared, std::move(socket), is_refused);
    shared->open.insert(connection);
    shared->open_count = shared->open.size();
    connection->start();
  }
  accept_next();
}

void HttpServer::Running::begin_stop(Duration grace) {
  shared->is_stopping = true;
  boost::system::error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
  shared->on_none_left = [this] {
    grace_over.cancel();
    work.reset();
  };
  const auto open = shared->open;  // a copy: those that end leave the set
  for (const auto& connection : open) connection->ask_to_end();
  if (shared->open.empty()) return shared->on_none_left();
  grace_over.expires_after(grace);
  grace_over.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) close_all();
  });
}

void HttpServer::Running::close_all() {
  const auto open = shared->open;
  for (const auto& connection : open) {
    shared->was_cut_off = shared->was_cut_off || connection->has_request();
    connection->close();
  }
}

HttpServer::HttpServer(HttpServerOptions options, Admit admit) {
  check_limits(options);
  running_ = std::make_unique<Running>(std::move(options), std::move(admit));
}

HttpServer::~HttpServer() { stop(Duration(0)); }

void HttpServer::start() {
  running_->listen();
  running_->work.emplace(running_->shared->io.get_executor());
  running_->accept_next();
  running_->network = std::jthread([running = running_.get()] { running->shared->io.run(); });
}

std::uint16_t HttpServer::port() const { return running_->endpoint.port(); }

bool HttpServer::stop(Duration grace) {
  HttpConnections& shared = *running_->shared;
  if (running_->network.joinable()) {
    asio::post(shared.io, [running = running_.get(), grace] { running->begin_stop(grace); });
    running_->network.join();
  }
  shared.pool.close();
  return !shared.was_cut_off;
}

std::size_t HttpServer::connections() const { return running_->shared->open_count; }

std::size_t HttpServer::waiting_requests() const { return running_->shared->pool.waiting(); }

}  // namespace finops
