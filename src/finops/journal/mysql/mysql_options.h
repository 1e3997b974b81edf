#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

namespace finops::journal {

/// How a connection is encrypted; the names are those of MySQL's --ssl-mode.
enum class SslMode {
  kDisabled,
  kPreferred,       // where the server offers it
  kRequired,        // also with a certificate that nobody knows
  kVerifyIdentity,  // of the host's name, by a known authority
};

struct MySqlOptions {
  std::string host;
  std::uint16_t port = 3306;
  std::string database;  // must exist
  std::string user, password;
  SslMode ssl_mode = SslMode::kPreferred;
  std::string ssl_ca;  // a file; empty: the system's authorities

  /// Where the library finds ways to log in that are files of their own, such as MySQL 8's
  /// caching_sha2_password; empty: where its package has them.
  std::string plugin_dir;

  int most_connections = 8;
  /// For a connection of the pool, and for the network to make one.
  std::chrono::seconds connect_timeout{10};
  /// A statement that gets no answer for so long has lost its connection.
  std::chrono::seconds answer_timeout{90};
  std::chrono::seconds lock_timeout{10};
  /// Of a call whose connection was lost, or that lost a deadlock.
  int attempts = 8;
  /// Ends the waits between attempts.
  std::stop_token stop;
};

}  // namespace finops::journal
