#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/listening_socket.h"

namespace finops {

/// A TCP proxy in front of a server of this machine that passes everything, but once: the first
/// request that holds `word` either does not get there, or gets there and its answer does not get
/// back. In both cases the connection ends.
class AnswerThief {
 public:
  enum class Takes { kRequest, kAnswer };

  AnswerThief(std::uint16_t server_port, std::string word, Takes takes)
      : server_port_(server_port), word_(std::move(word)), takes_(takes) {
    port_ = listen_on_this_machine(listener_, 16);
    accepts_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }
  ~AnswerThief() {
    accepts_ = {};
    connections_.clear();
    close(listener_);
  }
  AnswerThief(const AnswerThief&) = delete;
  AnswerThief& operator=(const AnswerThief&) = delete;

  std::uint16_t port() const { return port_; }
  int taken() const { return taken_; }

 private:
  static constexpr int kLookMs = 20;  // for a stop

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }

  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd waits{listener_, POLLIN, 0};
      if (poll(&waits, 1, kLookMs) != 1) continue;
      const int client = accept(listener_, nullptr, nullptr);
      connections_.emplace_back([this, client](const std::stop_token& ends) {
        const int server = socket(AF_INET, SOCK_STREAM, 0);
        const sockaddr_in address = loopback(server_port_);
        if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
          pass(client, server, ends);
        }
        close(client);
        close(server);
      });
    }
  }

  void pass(int client, int server, const std::stop_token& stop) {
    bool steals_answer = false;
    while (!stop.stop_requested()) {
      pollfd waits[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      if (poll(waits, 2, kLookMs) <= 0) continue;
      if (waits[0].revents != 0) {
        const std::string bytes = received(client);
        if (bytes.empty()) return;
        if (taken_ == 0 && bytes.find(word_) != std::string::npos) {
          taken_ = 1;
          if (takes_ == Takes::kRequest) return;
          steals_answer = true;
        }
        send(server, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      }
      if (waits[1].revents != 0) {
        const std::string bytes = received(server);
        if (bytes.empty() || steals_answer) return;
        send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      }
    }
  }

  static std::string received(int from) {
    std::string bytes(65'536, '\0');
    const auto count = recv(from, bytes.data(), bytes.size(), 0);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }

  const std::uint16_t server_port_;
  const std::string word_;
  const Takes takes_;
  const int listener_ = socket(AF_INET, SOCK_STREAM, 0);
  std::uint16_t port_ = 0;
  std::atomic<int> taken_ = 0;
  std::vector<std::jthread> connections_;
  std::jthread accepts_;
};

}  // namespace finops
