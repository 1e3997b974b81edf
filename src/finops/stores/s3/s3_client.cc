#include "finops/stores/s3/s3_client.h"

#include <algorithm>

#include "finops/core/error.h"
#include "finops/net/aws/aws_error.h"
#include "finops/net/aws/endpoints.h"
#include "finops/net/aws/sigv4.h"

namespace finops {
namespace {

/// A stop of either token.
class EitherStop {
 public:
  EitherStop(const std::stop_token& one, const std::stop_token& other)
      : first_(one, Stop{source_}), second_(other, Stop{source_}) {}
  std::stop_token token() const { return source_.get_token(); }

 private:
  struct Stop {
    std::stop_source& source;
    void operator()() const { source.request_stop(); }
  };
  std::stop_source source_;
  std::stop_callback<Stop> first_, second_;
};

bool may_pass(const HttpResponse& response) {
  // Two conditional writes at once: S3 asks the loser to try again and see who won.
  const bool is_race =
      response.status == 409 && aws_error_of(response).code == "ConditionalRequestConflict";
  return is_race || is_transient_aws_answer(response);
}

}  // namespace

bool is_in_path(S3Addressing addressing, const std::string& endpoint_url,
                const std::string& bucket) {
  if (addressing != S3Addressing::kAuto) return addressing == S3Addressing::kPath;
  return !endpoint_url.empty() || bucket.find('.') != std::string::npos;
}

S3Client::S3Client(S3Options options, std::shared_ptr<HttpClient> http,
                   std::shared_ptr<AwsCredentialProvider> credentials, Clock& clock)
    : options_(std::move(options)),
      credentials_(std::move(credentials)),
      clock_(clock),
      http_(std::move(http), clock, options_.retry, options_.retry_budget),
      region_(options_.region.empty() ? "us-east-1" : options_.region) {}

std::string S3Client::name_of(std::string_view key) const {
  return "s3://" + options_.bucket + "/" + full_key(key);
}

HttpHeaders S3Client::write_headers() const {
  if (options_.kms_key_id.empty()) return {};
  return {{"x-amz-server-side-encryption", "aws:kms"},
          {"x-amz-server-side-encryption-aws-kms-key-id", options_.kms_key_id}};
}

RetriedResponse S3Client::send(const S3Call& call) {
  const EitherStop either(options_.stop, call.stop);
  const std::stop_token stop = call.even_when_stopped ? std::stop_token() : either.token();
  for (int redirects = 0;; ++redirects) {
    const std::string region = this->region();
    AwsCredentials credentials;
    try {
      credentials = credentials_->get(stop);
    } catch (const Error& error) {
      throw error.within(call.tried);
    }
    const auto make = [&] { return request_of(call, credentials, region); };
    RetriedResponse result = http_.send(make, stop, may_pass);
    if (result.response.is_success() || redirects >= 2 || !learn_region(result.response)) {
      return result;
    }
  }
}

HttpResponse S3Client::send_well(const S3Call& call) {
  RetriedResponse result = send(call);
  if (!result.response.is_success()) fail(result, call);
  return std::move(result.response);
}

void S3Client::fail(const RetriedResponse& result, const S3Call& call) const {
  const Error error = error_of_failure(result, call.tried, call.changes_something);
  if (error.kind() != ErrorKind::kPermissionDenied) throw error;
  throw Error(error.kind(),
              error.what() + std::string(" (credentials from ") + credentials_->origin() + ")");
}

std::string S3Client::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

/// True when the answer says that the bucket is in another region than was thought.
bool S3Client::learn_region(const HttpResponse& response) {
  const bool may_say = response.status == 301 || response.status == 307 || response.status == 400 ||
                       response.status == 403;
  if (!may_say) return false;
  const AwsError error = aws_error_of(response);
  if (error.region.empty()) return false;
  const std::lock_guard lock(mutex_);
  if (error.region == region_) return false;
  region_ = error.region;
  return true;
}

HttpRequest S3Client::request_of(const S3Call& call, const AwsCredentials& credentials,
                                 const std::string& region) {
  HttpRequest request{.method = call.method, .headers = call.headers, .body = call.body};
  request.url = url_of(call, region).to_string();
  request.max_response_bytes = call.max_response_bytes;
  request.idle_timeout = options_.read_timeout;
  if (options_.requester_pays) request.headers.push_back({"x-amz-request-payer", "requester"});
  sign_request(request, credentials, {region, "s3"}, clock_.now());
  return request;
}

Url S3Client::url_of(const S3Call& call, const std::string& region) const {
  const bool is_own = !options_.endpoint_url.empty();
  auto url = Url::parse(is_own ? options_.endpoint_url
                               : "https://s3." + region + "." + aws_domain(region));
  if (!url) {
    throw Error(ErrorKind::kInvalidConfig,
                "endpoint_url is not a URL: '" + options_.endpoint_url + "'");
  }
  while (url->path.ends_with('/')) url->path.pop_back();
  if (is_in_path(options_.addressing, options_.endpoint_url, options_.bucket)) {
    url->path += "/" + options_.bucket;
  } else {
    url->authority.insert(0, options_.bucket + ".");
    url->host.insert(0, options_.bucket + ".");
  }
  if (call.key) {
    url->path += "/" + percent_encode(*call.key, true);
  } else if (url->path.empty()) {
    url->path = "/";
  }
  url->query.clear();
  for (const auto& [name, value] : call.query) {
    url->query += (url->query.empty() ? "" : "&") + name + "=" + percent_encode(value);
  }
  return *url;
}

std::string unquoted_etag(std::string_view etag) {
  std::string text(etag);
  std::erase(text, '"');
  return text;
}

}  // namespace finops
