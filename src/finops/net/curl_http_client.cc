#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <vector>

#include "finops/core/error.h"
#include "finops/net/curl_handle.h"
#include "finops/net/http.h"

namespace finops {
namespace {

/// What the callbacks of one exchange write to.
struct Exchange {
  const HttpRequest& request;
  std::stop_token stop;
  HttpResponse response;
  std::size_t sent = 0;
  bool is_too_large = false;
  bool has_all_headers = false;
  bool was_silent = false;
  curl_off_t moved = -1;  // bytes of bodies in both directions and lines of headers so far
  curl_off_t header_lines = 0;
  std::chrono::steady_clock::time_point moved_at;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  const std::size_t bytes = size * count;
  std::string& body = exchange.response.body;
  if (body.size() + bytes > exchange.request.max_response_bytes) {
    exchange.is_too_large = true;
    return 0;
  }
  body.append(data, bytes);
  return bytes;
}

void reserve_body(Exchange& exchange, std::string_view length) {
  std::uint64_t bytes = 0;
  for (const char c : length) {
    if (c < '0' || c > '9' || bytes > exchange.request.max_response_bytes) return;
    bytes = bytes * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (bytes <= exchange.request.max_response_bytes) exchange.response.body.reserve(bytes);
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  std::string_view line(data, size * count);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  // A new status line begins the headers of another answer: after "100 Continue", or a proxy's.
  if (line.starts_with("HTTP/")) {
    exchange.response.headers.clear();
    exchange.has_all_headers = false;
  }
  if (line.empty()) exchange.has_all_headers = true;
  ++exchange.header_lines;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  exchange.response.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
  const HttpHeaders one(1, exchange.response.headers.back());
  if (find_header(one, "content-length") != nullptr && exchange.request.method != "HEAD") {
    reserve_body(exchange, value);
  }
  return size * count;
}

std::size_t on_upload(char* buffer, std::size_t size, std::size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  const auto rest = exchange.request.body.subspan(exchange.sent);
  const std::size_t n = std::min(rest.size(), size * count);
  std::copy_n(reinterpret_cast<const char*>(rest.data()), n, buffer);
  exchange.sent += n;
  return n;
}

int on_seek(void* context, curl_off_t offset, int origin) {
  auto& exchange = *static_cast<Exchange*>(context);
  const bool fits = origin == SEEK_SET && offset >= 0 &&
                    static_cast<std::size_t>(offset) <= exchange.request.body.size();
  if (!fits) return CURL_SEEKFUNC_CANTSEEK;
  exchange.sent = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

/// The connection stands; from here on silence counts.
int on_connected(void* context, char*, char*, int, int) {
  static_cast<Exchange*>(context)->moved = 0;
  static_cast<Exchange*>(context)->moved_at = std::chrono::steady_clock::now();
  return CURL_PREREQFUNC_OK;
}

/// Called at least once a second. CURLOPT_LOW_SPEED_TIME would not do: it looks at a speed that is
/// some seconds old and knows no headers.
int on_progress(void* context, curl_off_t, curl_off_t arrived, curl_off_t, curl_off_t left) {
  auto& exchange = *static_cast<Exchange*>(context);
  if (exchange.stop.stop_requested()) return 1;
  if (exchange.moved < 0) return 0;
  const auto now = std::chrono::steady_clock::now();
  const curl_off_t moved = arrived + left + exchange.header_lines;
  if (moved != exchange.moved) {
    exchange.moved = moved;
    exchange.moved_at = now;
  }
  exchange.was_silent = now - exchange.moved_at >= exchange.request.idle_timeout;
  return exchange.was_silent ? 1 : 0;
}

/// Why there is no answer, for people.
std::string reason_of(CURLcode code, const Exchange& exchange, const char* told) {
  if (code == CURLE_OK) return "the connection ended within the headers of the answer";
  if (exchange.was_silent) {
    return "the connection timed out: nothing arrived for " +
           std::to_string(exchange.request.idle_timeout.count()) + " ms";
  }
  return *told != '\0' ? told : curl_easy_strerror(code);
}

HttpFailure::Kind kind_of(CURLcode code, const Exchange& exchange, bool has_sent) {
  using Kind = HttpFailure::Kind;
  if (exchange.stop.stop_requested()) return Kind::kCancelled;
  if (exchange.is_too_large) return Kind::kTooLarge;
  if (is_distrust(code)) return Kind::kNotTrusted;
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return Kind::kBadRequest;
    default: return has_sent ? Kind::kNoAnswer : Kind::kNotSent;
  }
}

class CurlHttpClient : public HttpClient {
 public:
  explicit CurlHttpClient(HttpOptions options) : options_(std::move(options)) {}

  HttpResponse send(const HttpRequest& request, std::stop_token stop) override {
    Exchange exchange{.request = request, .stop = std::move(stop)};
    CurlHandle curl = take();
    const CurlList headers = headers_of(request);
    std::array<char, CURL_ERROR_SIZE> error{};
    prepare(curl.get(), exchange, headers.get(), error.data());
    const CURLcode code = curl_easy_perform(curl.get());
    long request_bytes = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_REQUEST_SIZE, &request_bytes);
    // To libcurl an answer that ends within its headers is one without a body.
    if (code == CURLE_OK && exchange.has_all_headers) {
      long status = 0;
      curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
      exchange.response.status = static_cast<int>(status);
      give_back(std::move(curl));
      return std::move(exchange.response);
    }
    // A handle that failed is not used again: its connection may hold the rest of an old answer.
    HttpResponse failed;
    failed.failure = HttpFailure{kind_of(code, exchange, request_bytes > 0),
                                 reason_of(code, exchange, error.data())};
    return failed;
  }

 private:
  static CurlList headers_of(const HttpRequest& request) {
    CurlList list;
    for (const HttpHeader& header : request.headers) {
      // A line feed in a value would begin a header of its own.
      if ((header.name + header.value).find_first_of("\r\n") != std::string::npos) {
        throw Error(ErrorKind::kInternal, "a line feed in the HTTP header " + header.name);
      }
      append_to(list, header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
    }
    // libcurl would wait a second for "100 Continue" before it sends a body.
    append_to(list, "Expect:");
    if (find_header(request.headers, "content-type") == nullptr) append_to(list, "Content-Type:");
    return list;
  }

  void prepare(CURL* curl, Exchange& exchange, curl_slist* headers, char* error) const {
    const HttpRequest& request = exchange.request;
    set_option(curl, CURLOPT_ERRORBUFFER, error);
    set_option(curl, CURLOPT_URL, request.url.c_str());
    set_option(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    set_option(curl, CURLOPT_PATH_AS_IS,
               1L);  // keys may hold "..", and the path is signed as it is
    set_option(curl, CURLOPT_NOSIGNAL, 1L);
    set_option(curl, CURLOPT_FOLLOWLOCATION, 0L);
    set_option(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set_option(curl, CURLOPT_USERAGENT, options_.user_agent.c_str());
    if (!options_.ca_file.empty()) set_option(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
    set_option(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    if (!request.may_use_proxy) set_option(curl, CURLOPT_NOPROXY, "*");
    set_option(curl, CURLOPT_FRESH_CONNECT, request.wants_new_connection ? 1L : 0L);
    set_option(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    set_option(curl, CURLOPT_BUFFERSIZE, 512L * 1024L);
    set_option(curl, CURLOPT_HTTPHEADER, headers);
    set_option(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
    set_option(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.total_timeout.count()));
    set_option(curl, CURLOPT_PREREQFUNCTION, on_connected);
    set_option(curl, CURLOPT_PREREQDATA, &exchange);
    set_option(curl, CURLOPT_NOPROGRESS, 0L);
    set_option(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    set_option(curl, CURLOPT_XFERINFODATA, &exchange);
    set_option(curl, CURLOPT_WRITEFUNCTION, on_body);
    set_option(curl, CURLOPT_WRITEDATA, &exchange);
    set_option(curl, CURLOPT_HEADERFUNCTION, on_header);
    set_option(curl, CURLOPT_HEADERDATA, &exchange);
    prepare_method(curl, exchange);
  }

  static void prepare_method(CURL* curl, Exchange& exchange) {
    const HttpRequest& request = exchange.request;
    const bool has_body = !request.body.empty() || request.method == "PUT";
    if (request.method == "HEAD") {
      set_option(curl, CURLOPT_NOBODY, 1L);
    } else if (has_body) {
      set_option(curl, CURLOPT_UPLOAD, 1L);
      set_option(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set_option(curl, CURLOPT_READFUNCTION, on_upload);
      set_option(curl, CURLOPT_READDATA, &exchange);
      set_option(curl, CURLOPT_SEEKFUNCTION, on_seek);
      set_option(curl, CURLOPT_SEEKDATA, &exchange);
      set_option(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    } else if (request.method == "POST") {
      set_option(curl, CURLOPT_POST, 1L);
      set_option(curl, CURLOPT_POSTFIELDSIZE, 0L);
    } else if (request.method != "GET") {
      set_option(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }

  CurlHandle take() {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      CurlHandle curl = std::move(idle_.back());
      idle_.pop_back();
      return curl;
    }
    return make_curl_handle();
  }

  /// Its connection and TLS session stay open for the next exchange.
  void give_back(CurlHandle curl) {
    curl_easy_reset(curl.get());
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(curl));
  }

  static constexpr std::size_t kMostIdle = 64;
  const HttpOptions options_;
  std::mutex mutex_;
  std::vector<CurlHandle> idle_;
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(const HttpOptions& options) {
  return std::make_unique<CurlHttpClient>(options);
}

}  // namespace finops
