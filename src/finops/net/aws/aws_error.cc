#include "finops/net/aws/aws_error.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "finops/net/http_failure.h"

namespace finops {
namespace {

std::string header(const HttpResponse& response, std::string_view name) {
  const std::string* value = find_header(response.headers, name);
  return value == nullptr ? "" : *value;
}

void read_xml(const std::string& body, AwsError& error) {
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) return;
  const pugi::xml_node root = document.document_element();
  const pugi::xml_node node = std::string_view(root.name()) == "Error" ? root : root.child("Error");
  error.code = node.child_value("Code");
  error.message = node.child_value("Message");
  error.region = node.child_value("Region");
  for (const pugi::xml_node place : {node, root}) {
    if (error.request_id.empty()) error.request_id = place.child_value("RequestId");
  }
}

void read_json(const std::string& body, AwsError& error) {
  const auto document = nlohmann::json::parse(body, nullptr, false);
  if (!document.is_object()) return;
  const auto text = [&](const char* key) {
    const auto found = document.find(key);
    return found != document.end() && found->is_string() ? found->get<std::string>()
                                                         : std::string();
  };
  error.code = text("__type");
  // "com.amazonaws.secretsmanager#ResourceNotFoundException"
  error.code = error.code.substr(error.code.rfind('#') + 1);
  error.message = text("message");
  if (error.message.empty()) error.message = text("Message");
}

ErrorKind kind_of(const AwsError& error) {
  constexpr std::array<std::string_view, 3> kMissing = {"NoSuchKey", "NoSuchBucket",
                                                        "ResourceNotFoundException"};
  if (std::ranges::count(kMissing, error.code) != 0) return ErrorKind::kNotFound;
  if (error.status == 404) return ErrorKind::kNotFound;
  // The JSON services say with 400 what others say with 403.
  constexpr std::array<std::string_view, 3> kDenied = {
      "AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException"};
  if (std::ranges::count(kDenied, error.code) != 0) return ErrorKind::kPermissionDenied;
  const bool is_race =
      error.code == "ConditionalRequestConflict" || error.code == "OperationAborted";
  if (error.status == 412 || is_race) return ErrorKind::kConflict;
  if (error.status == 401 || error.status == 403) return ErrorKind::kPermissionDenied;
  if (error.status >= 500 || is_transient_status(error.status)) return ErrorKind::kUnavailable;
  if (error.code.find("Token") != std::string::npos) return ErrorKind::kPermissionDenied;
  return ErrorKind::kUnsupported;
}

struct Advice {
  std::string_view code, text;
};

/// What to do about the answers that people meet.
constexpr std::array<Advice, 18> kAdvice = {{
    {"InvalidAccessKeyId", "no such access key: check aws_access_key_id and the profile"},
    {"InvalidClientTokenId", "no such access key: check aws_access_key_id and the profile"},
    {"SignatureDoesNotMatch", "the secret key does not belong to the access key: check it"},
    {"ExpiredToken", "these credentials are no longer valid: log in or get new ones"},
    {"ExpiredTokenException", "these credentials are no longer valid: log in or get new ones"},
    {"InvalidToken", "the session token does not belong to these keys"},
    {"RequestTimeTooSkewed", "this machine's clock is wrong: set it (for example with NTP)"},
    {"NoSuchBucket", "check the bucket's name and the endpoint"},
    {"AuthorizationHeaderMalformed", "the region is not the bucket's: set 'region'"},
    {"PermanentRedirect", "the bucket is in another region: set 'region'"},
    {"AccessDenied",
     "the policy of these credentials, of the bucket or of its KMS key does not allow it"},
    {"KMS.DisabledException", "the KMS key of the object is disabled"},
    {"SlowDown", "the server asks for fewer requests; run the same command again later"},
    {"InvalidObjectState", "the object is archived: restore it first"},
    {"RequestExpired", "this machine's clock is wrong: set it (for example with NTP)"},
    {"AccessDeniedException", "the policy of these credentials does not allow it"},
    {"UnrecognizedClientException", "no such access key: check aws_access_key_id and the profile"},
    {"InvalidSignatureException", "the secret key does not belong to the access key: check it"},
}};

std::string_view advice_for(std::string_view code) {
  for (const Advice& advice : kAdvice) {
    if (advice.code == code) return advice.text;
  }
  return "";
}

}  // namespace

std::string AwsError::describe() const {
  std::string text = code.empty() ? "refused" : code;
  if (!message.empty()) text += ": " + one_line(message);
  while (text.ends_with('.') || text.ends_with(' ')) text.pop_back();
  text += " (HTTP " + std::to_string(status);
  if (!request_id.empty()) text += ", request id " + one_line(request_id);
  return text + ")";
}

AwsError aws_error_of(const HttpResponse& response) {
  AwsError error;
  error.status = response.status;
  error.region = header(response, "x-amz-bucket-region");
  const std::string region = error.region;
  error.request_id = header(response, "x-amz-request-id");
  if (error.request_id.empty()) error.request_id = header(response, "x-amzn-requestid");
  const std::size_t begin = response.body.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return error;
  response.body[begin] == '{' ? read_json(response.body, error) : read_xml(response.body, error);
  if (error.region.empty()) error.region = region;
  return error;
}

bool is_transient_aws_answer(const HttpResponse& response) {
  constexpr std::array<std::string_view, 12> kCodes = {"SlowDown",
                                                       "RequestTimeout",
                                                       "RequestTimeoutException",
                                                       "InternalError",
                                                       "InternalFailure",
                                                       "ServiceUnavailable",
                                                       "Throttling",
                                                       "ThrottlingException",
                                                       "RequestLimitExceeded",
                                                       "TooManyRequestsException",
                                                       "RequestThrottled",
                                                       "IDPCommunicationError"};
  if (is_transient_status(response.status)) return true;
  if (response.status != 400 && response.status != 403) return false;
  return std::ranges::count(kCodes, aws_error_of(response).code) != 0;
}

Error error_of_failure(const RetriedResponse& result, const std::string& tried,
                       bool changes_something) {
  if (result.response.failure) return error_of_missing_answer(result, tried, changes_something);
  const AwsError error = aws_error_of(result.response);
  std::string text = tried + ": " + error.describe();
  if (!result.gave_up.empty()) text += ", " + result.gave_up;
  if (const auto advice = advice_for(error.code); !advice.empty()) {
    text += "; " + std::string(advice);
  } else if (error.code.empty() && error.status == 403) {
    text += "; " + std::string(advice_for("AccessDenied"));
  }
  ErrorKind kind = kind_of(error);
  // A server that fails may have done it all the same.
  if (kind == ErrorKind::kUnavailable && changes_something && error.status >= 500 &&
      error.code != "SlowDown") {
    kind = ErrorKind::kUnknownOutcome;
  }
  return {kind, text};
}

}  // namespace finops
