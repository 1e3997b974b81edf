#include "finops/net/aws/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"
#include "finops/core/hex_text.h"
#include "finops/core/sha256.h"
#include "finops/net/url.h"

namespace finops {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
           &size) == nullptr) {
    throw Error(ErrorKind::kInternal, "OpenSSL cannot compute an HMAC");
  }
  return {reinterpret_cast<const char*>(digest.data()), size};
}

/// "20130524T000000Z"
std::string basic_time(TimePoint now) {
  std::string text = to_iso8601(now).substr(0, 19) + "Z";
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

/// Without spaces at the ends, and runs of them inside as one.
std::string trimmed(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == ' ' && (text.empty() || text.back() == ' ')) continue;
    text += c;
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

/// The parameters in the order of their names and values, each with its "=".
std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view one = query.substr(0, end);
    const std::size_t equals = std::min(one.find('='), one.size());
    parameters.emplace_back(one.substr(0, equals),
                            equals < one.size() ? one.substr(equals + 1) : "");
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::ranges::sort(parameters);
  std::string text;
  for (const auto& [name, value] : parameters) {
    text += (text.empty() ? "" : "&") + name + "=" + value;
  }
  return text;
}

std::map<std::string, std::string> canonical_headers(const HttpHeaders& headers,
                                                     const std::string& host) {
  std::map<std::string, std::string> canonical{{"host", host}};
  for (const HttpHeader& header : headers) {
    std::string& value = canonical[ascii_lower(header.name)];
    value += (value.empty() ? "" : ",") + trimmed(header.value);
  }
  return canonical;
}

struct Signature {
  std::string signed_headers, signature;
};

/// Of one request, computed as "Create a canonical request" and the two steps behind it say.
class Signer {
 public:
  Signer(const AwsCredentials& credentials, const SigningScope& scope, TimePoint now)
      : credentials_(credentials),
        scope_(scope),
        time_(basic_time(now)),
        credential_scope_(time_.substr(0, 8) + "/" + scope.region + "/" + scope.service +
                          "/aws4_request") {}

  const std::string& time() const { return time_; }
  std::string credential() const { return credentials_.access_key_id + "/" + credential_scope_; }

  Signature sign(std::string_view method, const Url& url, const HttpHeaders& headers,
                 std::string_view payload_hash) const {
    const std::string path = scope_.service == "s3" ? url.path : percent_encode(url.path, true);
    std::string request(method);
    request += "\n" + path + "\n" + canonical_query(url.query) + "\n";
    Signature result;
    for (const auto& [name, value] : canonical_headers(headers, url.authority)) {
      request += name + ":" + value + "\n";
      result.signed_headers += (result.signed_headers.empty() ? "" : ";") + name;
    }
    request += "\n" + result.signed_headers + "\n";
    request += payload_hash;
    const std::string to_sign = std::string(kAlgorithm) + "\n" + time_ + "\n" + credential_scope_ +
                                "\n" + sha256_of(request);
    const std::string bytes = hmac(key(), to_sign);
    result.signature =
        hex_text({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
    return result;
  }

 private:
  std::string key() const {
    const std::string day =
        hmac("AWS4" + credentials_.secret_access_key, std::string_view(time_).substr(0, 8));
    return hmac(hmac(hmac(day, scope_.region), scope_.service), "aws4_request");
  }

  const AwsCredentials& credentials_;
  const SigningScope& scope_;
  const std::string time_;
  const std::string credential_scope_;
};

Url parsed(std::string_view text) {
  if (auto url = Url::parse(text)) return *url;
  throw Error(ErrorKind::kInvalidConfig, "not a URL: '" + std::string(text) + "'");
}

}  // namespace

void sign_request(HttpRequest& request, const AwsCredentials& credentials,
                  const SigningScope& scope, TimePoint now) {
  const Signer signer(credentials, scope, now);
  const std::string payload_hash =
      sha256_of({reinterpret_cast<const char*>(request.body.data()), request.body.size()});
  request.headers.push_back({"x-amz-date", signer.time()});
  if (scope.has_content_hash_header) {
    request.headers.push_back({"x-amz-content-sha256", payload_hash});
  }
  if (!credentials.session_token.empty()) {
    request.headers.push_back({"x-amz-security-token", credentials.session_token});
  }
  const Signature made =
      signer.sign(request.method, parsed(request.url), request.headers, payload_hash);
  request.headers.push_back({"authorization", std::string(kAlgorithm) +
                                                  " Credential=" + signer.credential() +
                                                  ", SignedHeaders=" + made.signed_headers +
                                                  ", Signature=" + made.signature});
}

std::string presign_url(std::string_view method, std::string_view text,
                        const AwsCredentials& credentials, const SigningScope& scope, TimePoint now,
                        std::chrono::seconds lifetime) {
  const Signer signer(credentials, scope, now);
  Url url = parsed(text);
  const auto add = [&url](std::string_view name, std::string_view value) {
    url.query += (url.query.empty() ? "" : "&") + std::string(name) + "=" + percent_encode(value);
  };
  add("X-Amz-Algorithm", kAlgorithm);
  add("X-Amz-Credential", signer.credential());
  add("X-Amz-Date", signer.time());
  add("X-Amz-Expires", std::to_string(lifetime.count()));
  add("X-Amz-SignedHeaders", "host");
  if (!credentials.session_token.empty()) add("X-Amz-Security-Token", credentials.session_token);
  add("X-Amz-Signature", signer.sign(method, url, {}, "UNSIGNED-PAYLOAD").signature);
  return url.to_string();
}

}  // namespace finops
