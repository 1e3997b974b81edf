#include "finops/net/aws/secrets_manager.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "finops/core/error.h"
#include "finops/net/aws/aws_error.h"
#include "finops/net/aws/endpoints.h"
#include "finops/net/aws/sigv4.h"

namespace finops {
namespace {

std::string tried(const std::string& arn) {
  return "read the secret " + arn + " from AWS Secrets Manager";
}

[[noreturn]] void refuse(const std::string& arn, const std::string& why) {
  throw Error(ErrorKind::kInvalidConfig, tried(arn) + ": " + why);
}

std::string advice_for(ErrorKind kind) {
  if (kind == ErrorKind::kNotFound) return "; check the ARN, its account and its region";
  if (kind == ErrorKind::kPermissionDenied) {
    return "; reading needs secretsmanager:GetSecretValue on this ARN, and kms:Decrypt where the "
           "secret has a KMS key of one's own";
  }
  return "";
}

std::string without_line_end(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

/// `secret` is never part of a message, nor are the parser's own messages, which quote it.
std::string member_of(const std::string& secret, const std::string& key, const std::string& arn) {
  const auto document = nlohmann::json::parse(secret, nullptr, false);
  if (!document.is_object()) {
    refuse(arn, "it is no JSON object, so it has no member '" + key + "'; leave out #" + key +
                    " to take the secret as it is");
  }
  const auto found = document.find(key);
  if (found == document.end()) refuse(arn, "its JSON object has no member '" + key + "'");
  if (found->is_number_integer()) return found->dump();
  if (!found->is_string()) refuse(arn, "its member '" + key + "' is not a text");
  return found->get<std::string>();
}

}  // namespace

SecretsManager::SecretsManager(const AwsSession& session,
                               std::shared_ptr<AwsCredentialProvider> credentials)
    : environment_(session.environment),
      http_(session.http, session.clock, RetryPolicy{}, session.budget),
      credentials_(std::move(credentials)) {}

std::string SecretsManager::value(const std::string& arn, const std::string& region,
                                  const std::string& key, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  auto known = known_.find(arn);
  if (known == known_.end()) {
    known = known_.emplace(arn, fetch(arn, region, std::move(stop))).first;
  }
  std::string text =
      key.empty() ? without_line_end(known->second) : member_of(known->second, key, arn);
  if (text.empty()) refuse(arn, key.empty() ? "it is empty" : "its member '" + key + "' is empty");
  return text;
}

std::string SecretsManager::fetch(const std::string& arn, const std::string& region,
                                  std::stop_token stop) {
  std::string url = aws_endpoint(environment_, "secretsmanager", region);
  if (!url.ends_with('/')) url += '/';
  const std::string body = nlohmann::json{{"SecretId", arn}}.dump();
  const auto make = [&] {
    HttpRequest request{.method = "POST", .url = url};
    request.headers = {{"content-type", "application/x-amz-json-1.1"},
                       {"x-amz-target", "secretsmanager.GetSecretValue"}};
    request.body = std::as_bytes(std::span(body));
    request.max_response_bytes = 1 << 20;
    sign_request(request, credentials_->get(stop), {region, "secretsmanager"}, http_.clock().now());
    return request;
  };
  const RetriedResponse result = http_.send(make, stop, is_transient_aws_answer);
  if (!result.response.is_success()) {
    const Error error = error_of_failure(result, tried(arn), false);
    const std::string advice = result.response.failure ? "" : advice_for(error.kind());
    throw Error(error.kind(),
                error.what() + advice + " (credentials from " + credentials_->origin() + ")");
  }
  const auto answer = nlohmann::json::parse(result.response.body, nullptr, false);
  if (answer.is_object() && answer.contains("SecretString") && answer["SecretString"].is_string()) {
    return answer["SecretString"].get<std::string>();
  }
  if (answer.is_object() && answer.contains("SecretBinary")) {
    refuse(arn, "it is binary; store it as text (SecretString)");
  }
  throw Error(ErrorKind::kInvalidData, tried(arn) + ": the answer is not one of Secrets Manager");
}

}  // namespace finops
