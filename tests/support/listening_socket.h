#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

namespace finops {

/// Lets a TCP socket of a test listen on a free port of this machine, and gives the port.
inline std::uint16_t listen_on_this_machine(int socket, int backlog) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* general = reinterpret_cast<sockaddr*>(&address);
  if (bind(socket, general, size) != 0 || listen(socket, backlog) != 0 ||
      getsockname(socket, general, &size) != 0) {
    ADD_FAILURE() << "no port to listen on";
  }
  return ntohs(address.sin_port);
}

}  // namespace finops
