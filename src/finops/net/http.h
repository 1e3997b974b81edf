#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/clock.h"

namespace finops {

struct HttpHeader {
  std::string name, value;
};
using HttpHeaders = std::vector<HttpHeader>;

/// The value of the first header of that name, whatever its case; null when there is none.
const std::string* find_header(const HttpHeaders& headers, std::string_view name);

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // absolute and percent-encoded
  HttpHeaders headers;
  std::span<const std::byte> body;  // outlives the call
  std::uint64_t max_response_bytes = 16u << 20;
  Duration connect_timeout = std::chrono::seconds(10);
  /// Nothing at all arrives or leaves for so long: the connection is given up.
  Duration idle_timeout = std::chrono::seconds(30);
  /// Of the whole exchange, so that a reply which drips in byte by byte ends as well.
  Duration total_timeout = std::chrono::minutes(5);
  bool may_use_proxy = true;  // false for what is on this machine or its link only
  bool wants_new_connection = false;
};

/// Why there is no answer.
struct HttpFailure {
  enum class Kind {
    kNotSent,     // no connection: the server cannot have acted
    kNoAnswer,    // sent, at least in part, and no whole answer came: it may have acted
    kNotTrusted,  // the server's certificate does not hold: repeating does not help
    kTooLarge,    // the answer is longer than max_response_bytes
    kBadRequest,  // not a URL, or a protocol that is not HTTP
    kCancelled,
  };
  Kind kind = Kind::kNotSent;
  std::string message;  // "cannot connect to s3.example: connection refused"
};

/// An answer, or the failure to get one.
struct HttpResponse {
  int status = 0;  // 0 with a failure
  HttpHeaders headers;
  std::string body;
  std::optional<HttpFailure> failure;

  bool is_success() const { return status >= 200 && status < 300; }
};

/// One exchange over HTTP or HTTPS: no redirect is followed, nothing is tried twice, certificates
/// are verified. Safe to call from any thread; each call blocks its own.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual HttpResponse send(const HttpRequest& request, std::stop_token stop) = 0;
};

struct HttpOptions {
  std::string user_agent = "finops";
  std::string ca_file;  // PEM; empty: the system's certificates
};

/// Over libcurl; connections are kept and used again. Proxies by HTTPS_PROXY, HTTP_PROXY, NO_PROXY.
std::unique_ptr<HttpClient> make_http_client(const HttpOptions& options);

}  // namespace finops
