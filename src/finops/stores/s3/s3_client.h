#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "finops/net/http.h"
#include "finops/net/retry.h"
#include "finops/net/url.h"
#include "finops/stores/s3/s3_store.h"

namespace finops {

/// One request to a bucket, before it is addressed and signed.
struct S3Call {
  std::string method = "GET";
  std::optional<std::string> key;  // with key_prefix; nothing: the bucket itself
  std::vector<std::pair<std::string, std::string>> query;
  HttpHeaders headers;
  std::span<const std::byte> body;
  std::uint64_t max_response_bytes = 16u << 20;
  std::string tried;  // for messages: "read s3://bucket/key"
  bool changes_something = false;
  std::stop_token stop;  // beside the one of the options
  bool even_when_stopped = false;
};

/// Addresses, signs and repeats requests to one bucket, and finds out its region. Safe to call from
/// any thread.
class S3Client {
 public:
  S3Client(S3Options options, std::shared_ptr<HttpClient> http,
           std::shared_ptr<AwsCredentialProvider> credentials, Clock& clock);

  /// The last answer, whatever its status.
  RetriedResponse send(const S3Call& call);
  /// Throws Error unless the answer is a success.
  HttpResponse send_well(const S3Call& call);
  [[noreturn]] void fail(const RetriedResponse& result, const S3Call& call) const;

  const S3Options& options() const { return options_; }
  std::string full_key(std::string_view key) const {
    return options_.key_prefix + std::string(key);
  }
  /// "s3://bucket/key"
  std::string name_of(std::string_view key) const;
  /// Headers of everything that is written: encryption.
  HttpHeaders write_headers() const;

 private:
  HttpRequest request_of(const S3Call& call, const AwsCredentials& credentials,
                         const std::string& region);
  Url url_of(const S3Call& call, const std::string& region) const;
  std::string region() const;
  bool learn_region(const HttpResponse& response);

  const S3Options options_;
  const std::shared_ptr<AwsCredentialProvider> credentials_;
  Clock& clock_;
  RetryingClient http_;
  mutable std::mutex mutex_;
  std::string region_;
};

/// `"abc"` → `abc`
std::string unquoted_etag(std::string_view etag);

}  // namespace finops
