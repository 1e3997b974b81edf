#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace finops {

/// A TCP connection to a server of this machine, for tests: sends what it is told and nothing else.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, bool is_v6 = false)
      : socket_(::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    v6.sin6_addr = in6addr_loopback;
    const auto* address =
        is_v6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
    if (::connect(socket_, address, is_v6 ? sizeof v6 : sizeof v4) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False when the server has closed.
  bool send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void close_sending() const { ::shutdown(socket_, SHUT_WR); }
  /// Ends with a reset instead of an end.
  void reset_on_close() const {
    const linger abort{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  }

  /// One whole answer: its head and as much as Content-Length says; what there is when the server
  /// closes or says nothing for so long.
  std::string answer(bool has_body = true,
                     std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    while (true) {
      const std::size_t head = buffer_.find("\r\n\r\n");
      if (head != buffer_.npos) {
        const std::size_t size = head + 4 + (has_body ? content_length(head) : 0);
        if (buffer_.size() >= size) return take(size);
      }
      if (!read_more(patience)) return take(buffer_.size());
    }
  }
  /// All until the server closes.
  std::string rest(std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    while (read_more(patience)) continue;
    return take(buffer_.size());
  }
  /// True when the server has ended the connection after what was read.
  bool is_closed() const { return is_closed_; }

 private:
  bool read_more(std::chrono::milliseconds patience) {
    pollfd wait{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, static_cast<int>(patience.count())) <= 0) return false;
    char bytes[4096];
    const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
    is_closed_ = count <= 0;
    if (is_closed_) return false;
    buffer_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }
  std::size_t content_length(std::size_t head) const {
    constexpr std::string_view kName = "Content-Length: ";
    const std::size_t at = buffer_.substr(0, head).find(kName);
    return at == buffer_.npos ? 0 : std::stoul(buffer_.substr(at + kName.size()));
  }
  std::string take(std::size_t count) {
    std::string text = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return text;
  }

  const int socket_;
  std::string buffer_;
  bool is_closed_ = false;
};

}  // namespace finops
