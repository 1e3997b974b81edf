#include "finops/net/http_failure.h"

namespace finops {

std::string one_line(std::string text) {
  constexpr std::size_t kLongest = 500;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "…";
  return text;
}

Error error_of_missing_answer(const RetriedResponse& result, const std::string& tried,
                              bool changes_something) {
  using Kind = HttpFailure::Kind;
  const HttpFailure& failure = *result.response.failure;
  std::string text = tried + ": " + one_line(failure.message);
  switch (failure.kind) {
    case Kind::kNotTrusted:
      return {ErrorKind::kPermissionDenied,
              text +
                  "; nothing was sent. If a proxy or a server of your own has a certificate of "
                  "its own authority, name that authority's file in AWS_CA_BUNDLE or "
                  "SSL_CERT_FILE"};
    case Kind::kTooLarge:
      return {ErrorKind::kInvalidData, tried + ": the answer is longer than is possible"};
    case Kind::kBadRequest: return {ErrorKind::kInvalidConfig, text};
    default: break;
  }
  if (!result.gave_up.empty()) text += " (" + result.gave_up + ")";
  const bool may_be_done =
      changes_something && (failure.kind == Kind::kNoAnswer || result.may_have_acted_before);
  return {may_be_done ? ErrorKind::kUnknownOutcome : ErrorKind::kUnavailable,
          text + "; check the network, the proxy and the endpoint, and run the same command again"};
}

}  // namespace finops
