// What comes from Google, or says so, is read or refused: no token that nobody signed is let in,
// and a broken answer or file is an Error. The first byte of an input says what the rest is.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "finops/core/error.h"
#include "finops/net/google/credential_file.h"
#include "finops/net/google/google_error.h"
#include "finops/net/google/oidc.h"

namespace {

// A key whose private half nobody kept: 2048 bits with their first and last set.
const std::string kKeySet = R"({"keys": [{"kty": "RSA", "kid": "k", "e": "AQAB", "n": "g)" +
                            std::string(340, 'A') + R"(Q"}]})";
const std::string kUnsigned = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.e30.AA";

class OneAnswer : public finops::HttpClient {
 public:
  explicit OneAnswer(std::string body) : body_(std::move(body)) {}
  finops::HttpResponse send(const finops::HttpRequest&, std::stop_token) override {
    return {.status = 200, .headers = {}, .body = body_, .failure = {}};
  }

 private:
  const std::string body_;
};

void verify(const std::string& key_set, const std::string& token) {
  const finops::GoogleSession session{std::make_shared<OneAnswer>(key_set), finops::system_clock(),
                                      finops::Environment(),
                                      std::make_shared<finops::RetryBudget>(0)};
  finops::OidcVerifier verifier(session, {.audience = "a", .email = "e"});
  try {
    verifier.verify(token, {});
    __builtin_trap();
  } catch (const finops::Error& error) {
    const bool is_expected = error.kind() == finops::ErrorKind::kPermissionDenied ||
                             error.kind() == finops::ErrorKind::kUnavailable;
    if (!is_expected) __builtin_trap();
  }
}

void read_file(const std::string& text) {
  try {
    finops::parse_google_credentials(text, "file");
  } catch (const finops::Error& error) {
    const bool is_expected = error.kind() == finops::ErrorKind::kInvalidConfig ||
                             error.kind() == finops::ErrorKind::kUnsupported;
    if (!is_expected) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 't': verify(kKeySet, text); break;
    case 'k': verify(text, kUnsigned); break;
    case 'f': read_file(text); break;
    default:
      finops::is_transient_google_answer(
          {.status = 403, .headers = {}, .body = text, .failure = {}});
      finops::google_error_of({.status = 403, .headers = {}, .body = text, .failure = {}})
          .describe();
  }
  return 0;
}
