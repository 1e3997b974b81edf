#include "finops/net/aws/sts.h"

#include <fstream>
#include <iterator>
#include <pugixml.hpp>
#include <utility>

#include "finops/core/error.h"
#include "finops/net/aws/aws_error.h"
#include "finops/net/aws/endpoints.h"
#include "finops/net/aws/sigv4.h"
#include "finops/net/http_date.h"
#include "finops/net/url.h"

namespace finops {
namespace {

/// Asks and returns the body. Without credentials the request is not signed.
std::string ask(const StsAccess& access, const AwsCredentials* credentials,
                const FormFields& parameters, const std::string& tried) {
  const std::string form = "Version=2011-06-15&" + form_text(parameters);
  const std::string region = access.region.empty() ? "us-east-1" : access.region;
  std::string url = aws_endpoint(access.environment, "sts", region);
  if (!url.ends_with('/')) url += '/';
  const auto make = [&] {
    HttpRequest request{.method = "POST", .url = url};
    request.headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
    request.body = std::as_bytes(std::span(form));
    request.max_response_bytes = 1 << 20;
    if (credentials != nullptr) {
      sign_request(request, *credentials, {region, "sts"}, access.http.clock().now());
    }
    return request;
  };
  RetriedResponse result = access.http.send(make, access.stop, is_transient_aws_answer);
  if (!result.response.is_success()) throw error_of_failure(result, tried, false);
  return std::move(result.response.body);
}

AwsCredentials credentials_in(const std::string& body, const std::string& tried) {
  pugi::xml_document document;
  document.load_buffer(body.data(), body.size());
  const pugi::xml_node node = document.select_node("//Credentials").node();
  AwsCredentials credentials{.access_key_id = node.child_value("AccessKeyId"),
                             .secret_access_key = node.child_value("SecretAccessKey"),
                             .session_token = node.child_value("SessionToken"),
                             .expires = parse_iso8601(node.child_value("Expiration"))};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    throw Error(ErrorKind::kInvalidData, tried + ": the answer holds no credentials");
  }
  return credentials;
}

FormFields parameters_of(const RoleToAssume& role, const char* action) {
  FormFields parameters = {{"Action", action},
                           {"RoleArn", role.role_arn},
                           {"RoleSessionName", role.session_name},
                           {"DurationSeconds", std::to_string(role.lifetime.count())}};
  if (!role.external_id.empty()) parameters.emplace_back("ExternalId", role.external_id);
  return parameters;
}

}  // namespace

AwsCredentials assume_role(const StsAccess& access, const AwsCredentials& base,
                           const RoleToAssume& role) {
  const std::string tried = "assume the role " + role.role_arn;
  return credentials_in(ask(access, &base, parameters_of(role, "AssumeRole"), tried), tried);
}

AwsCredentials assume_role_with_web_identity(const StsAccess& access, const RoleToAssume& role,
                                             const std::string& token_file) {
  const std::string tried =
      "assume the role " + role.role_arn + " with the web identity in '" + token_file + "'";
  std::ifstream file(token_file, std::ios::binary);
  std::string token(64 << 10, '\0');
  file.read(token.data(), static_cast<std::streamsize>(token.size()));
  token.resize(static_cast<std::size_t>(file.gcount()));
  while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  if (token.empty()) {
    throw Error(ErrorKind::kPermissionDenied, tried + ": the file is missing, unreadable or empty");
  }
  FormFields parameters = parameters_of(role, "AssumeRoleWithWebIdentity");
  parameters.emplace_back("WebIdentityToken", token);
  return credentials_in(ask(access, nullptr, parameters, tried), tried);
}

}  // namespace finops
