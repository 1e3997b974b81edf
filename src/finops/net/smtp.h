#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "finops/core/clock.h"

namespace finops {

/// Where mail is handed in.
struct SmtpServer {
  std::string host;  // lower case, without the brackets of an IPv6 address
  std::uint16_t port = 0;
  bool has_tls_at_once = false;  // smtps://; else TLS begins with STARTTLS

  /// "smtp://mail.example:587", "smtps://mail.example"; without a port 587 and 465 (RFC 8314).
  /// Nothing for any other text, also for one with a user or a path.
  static std::optional<SmtpServer> parse(std::string_view url);
};

/// What of smtp:// may go without TLS.
enum class StartTls {
  kRequired,   // nothing: without STARTTLS nobody logs in and no mail is sent
  kIfOffered,  // everything, to a server that does not offer it
  kNever,
};

/// One mail to one recipient.
struct SmtpRequest {
  SmtpServer server;
  StartTls start_tls = StartTls::kRequired;
  std::string user, password;  // both empty: no log-in
  std::string from, to;        // see is_mail_address()
  std::string_view message;    // RFC 5322, lines end with CRLF; outlives the call
  Duration connect_timeout = std::chrono::seconds(5);
  Duration reply_timeout = std::chrono::seconds(10);  // for each command
  Duration total_timeout = std::chrono::seconds(30);
  bool may_use_proxy = true;
};

/// What became of it.
struct SmtpAnswer {
  enum class Outcome {
    kTaken,
    kRefused,     // with a reply: `code` says whether it may pass
    kNotSent,     // no connection
    kNoAnswer,    // the connection ended or fell silent: it may have been taken
    kNotTrusted,  // the server's certificate does not hold
    kNoTls,       // the server does not offer what start_tls requires
    kCancelled,
  };
  Outcome outcome = Outcome::kTaken;
  int code = 0;         // of the last reply; 0: there was none
  std::string text;     // of its last line, behind the code: not ours, it may hold anything
  std::string failure;  // why it was not taken, for people; libcurl's own words

  bool is_taken() const { return outcome == Outcome::kTaken; }
};

/// Hands in mail. Nothing is tried twice, certificates are verified. Safe to call from any thread;
/// each call blocks its own.
class SmtpTransport {
 public:
  virtual ~SmtpTransport() = default;
  virtual SmtpAnswer send(const SmtpRequest& request, std::stop_token stop) = 0;
};

/// Over libcurl, a connection for each mail. `ca_file`: PEM; empty: the system's certificates.
std::unique_ptr<SmtpTransport> make_smtp_transport(std::string ca_file);

}  // namespace finops
