#include "finops/net/aws/credential_sources.h"

#include <openssl/evp.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/hex_text.h"
#include "finops/net/aws/aws_error.h"
#include "finops/net/aws/endpoints.h"
#include "finops/net/http_date.h"
#include "finops/net/url.h"

namespace finops {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kLongestAnswer = 1 << 20;

std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// The JSON that containers, instances and processes give; they differ in the token's name.
AwsCredentials credentials_in(const std::string& body, const char* token_key,
                              const std::string& tried) {
  const Json document = Json::parse(body, nullptr, false);
  if (!document.is_object()) {
    throw Error(ErrorKind::kInvalidData, tried + ": the answer is not a JSON object");
  }
  AwsCredentials credentials{.access_key_id = text(document, "AccessKeyId"),
                             .secret_access_key = text(document, "SecretAccessKey"),
                             .session_token = text(document, token_key)};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    const std::string code = text(document, "Code");
    throw Error(ErrorKind::kPermissionDenied, tried + ": the answer holds no credentials" +
                                                  (code.empty() ? "" : " (" + code + ")"));
  }
  const std::string expiry = text(document, "Expiration");
  if (expiry.empty()) return credentials;
  credentials.expires = parse_iso8601(expiry);
  if (!credentials.expires) {
    throw Error(ErrorKind::kInvalidData, tried + ": 'Expiration' is not a time: " + expiry);
  }
  return credentials;
}

/// What `command` prints; its errors go where ours go.
std::string output_of(const std::string& command, const std::string& tried) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"),
                                                             [](std::FILE*) { return 0; });
  if (!pipe) throw Error(ErrorKind::kUnavailable, tried + ": cannot start a process");
  std::string output;
  std::array<char, 4096> buffer{};
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) {
    if (output.size() < kLongestAnswer) output.append(buffer.data(), n);
  }
  const int status = pclose(pipe.get());
  if (status == 0) return output;
  const std::string how = WIFEXITED(status) ? "exit code " + std::to_string(WEXITSTATUS(status))
                                            : "signal " + std::to_string(WTERMSIG(status));
  throw Error(ErrorKind::kPermissionDenied, tried + ": it ended with " + how);
}

std::string sha1_hex(const std::string& bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return hex_text(std::span(digest).first(size));
}

std::string get(RetryingClient& http, const std::string& url, const HttpHeaders& headers,
                const std::string& tried, std::stop_token stop) {
  const auto make = [&] {
    HttpRequest request{.url = url, .headers = headers};
    request.max_response_bytes = kLongestAnswer;
    request.may_use_proxy = url.starts_with("https:");
    request.connect_timeout = std::chrono::seconds(2);
    request.total_timeout = std::chrono::seconds(10);
    return request;
  };
  RetriedResponse result = http.send(make, std::move(stop));
  if (!result.response.is_success()) throw error_of_failure(result, tried, false);
  return std::move(result.response.body);
}

/// Credentials are only asked for where nobody else can listen: TLS, this machine, and the
/// addresses of ECS and EKS.
bool may_ask(const Url& url) {
  constexpr std::array<std::string_view, 3> kAgents = {"169.254.170.2", "169.254.170.23",
                                                       "fd00:ec2::23"};
  return url.scheme == "https" || is_loopback(url.host) ||
         std::ranges::count(kAgents, url.host) != 0;
}

std::string first_line(const std::string& path, const std::string& tried) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line) || line.empty()) {
    throw Error(ErrorKind::kPermissionDenied, tried + ": '" + path + "' cannot be read");
  }
  return line;
}

}  // namespace

AwsCredentials credentials_of_process(const std::string& command, const CredentialAccess& access) {
  // The command may hold a secret as an argument, so no message repeats it.
  const std::string tried = "run the profile's credential_process";
  const std::string output = output_of(command, tried);
  AwsCredentials credentials = credentials_in(output, "SessionToken", tried);
  const auto version = Json::parse(output).value("Version", Json());
  if (version != 1) {
    throw Error(ErrorKind::kUnsupported,
                tried + ": it printed another 'Version' than 1: " + version.dump());
  }
  if (credentials.expires && *credentials.expires <= access.patient.clock().now()) {
    throw Error(ErrorKind::kPermissionDenied, tried + ": it printed credentials that have expired");
  }
  return credentials;
}

AwsCredentials credentials_of_sso(const AwsProfiles::Settings& profile, const AwsProfiles& profiles,
                                  const CredentialAccess& access) {
  const std::string session_name = setting(profile, "sso_session");
  AwsProfiles::Settings session = profile;
  if (!session_name.empty()) {
    const auto found = profiles.sso_sessions.find(session_name);
    if (found == profiles.sso_sessions.end()) {
      throw Error(ErrorKind::kInvalidConfig, "the profile names the sso-session '" + session_name +
                                                 "', which '" + profiles.config_file +
                                                 "' does not have");
    }
    session = found->second;
  }
  const std::string start_url = setting(session, "sso_start_url");
  const std::string region = setting(session, "sso_region");
  const std::string tried = "use the login at " + start_url;
  const std::string* home = access.environment.find("HOME");
  const std::string file = (home == nullptr ? "" : *home) + "/.aws/sso/cache/" +
                           sha1_hex(session_name.empty() ? start_url : session_name) + ".json";
  std::ifstream cache(file, std::ios::binary);
  const std::string cached{std::istreambuf_iterator<char>(cache), std::istreambuf_iterator<char>()};
  const Json token = Json::parse(cached, nullptr, false);
  const auto expires =
      token.is_object() ? parse_iso8601(text(token, "expiresAt")) : std::optional<TimePoint>();
  if (!expires || *expires <= access.patient.clock().now() || text(token, "accessToken").empty()) {
    throw Error(ErrorKind::kPermissionDenied,
                tried + ": there is no login, or it has expired; run: aws sso login" +
                    (session_name.empty() ? "" : " --sso-session " + session_name));
  }
  std::string endpoint = "https://portal.sso." + region + "." + aws_domain(region);
  if (const auto* given = access.environment.find("AWS_ENDPOINT_URL_SSO")) endpoint = *given;
  const std::string url = endpoint + "/federation/credentials?role_name=" +
                          percent_encode(setting(profile, "sso_role_name")) +
                          "&account_id=" + percent_encode(setting(profile, "sso_account_id"));
  const std::string body =
      get(access.patient, url, {{"x-amz-sso_bearer_token", text(token, "accessToken")}}, tried,
          access.stop);
  const Json document = Json::parse(body, nullptr, false);
  const Json role = document.is_object() ? document.value("roleCredentials", Json()) : Json();
  if (!role.is_object() || text(role, "accessKeyId").empty()) {
    throw Error(ErrorKind::kInvalidData, tried + ": the answer holds no credentials");
  }
  AwsCredentials credentials{.access_key_id = text(role, "accessKeyId"),
                             .secret_access_key = text(role, "secretAccessKey"),
                             .session_token = text(role, "sessionToken")};
  if (const auto expiry = role.find("expiration"); expiry != role.end() && expiry->is_number()) {
    credentials.expires = TimePoint(Duration(expiry->get<std::int64_t>()));
  }
  return credentials;
}

std::optional<AwsCredentials> credentials_of_container(const CredentialAccess& access) {
  const std::string* relative = access.environment.find("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string* full = access.environment.find("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative == nullptr && full == nullptr) return std::nullopt;
  const std::string url = relative != nullptr ? "http://169.254.170.2" + *relative : *full;
  const std::string tried = "ask " + url + " for the container's credentials";
  const auto parsed = Url::parse(url);
  if (!parsed || !may_ask(*parsed)) {
    throw Error(ErrorKind::kInvalidConfig,
                tried +
                    ": not asked, because AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, "
                    "this machine, or an address of ECS or EKS");
  }
  HttpHeaders headers;
  if (const auto* file = access.environment.find("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    headers.push_back({"authorization", first_line(*file, tried)});
  } else if (const auto* token = access.environment.find("AWS_CONTAINER_AUTHORIZATION_TOKEN")) {
    headers.push_back({"authorization", *token});
  }
  return credentials_in(get(access.patient, url, headers, tried, access.stop), "Token", tried);
}

std::optional<AwsCredentials> credentials_of_instance(const CredentialAccess& access,
                                                      std::string& why_not) {
  if (const auto* off = access.environment.find("AWS_EC2_METADATA_DISABLED");
      off && *off == "true") {
    why_not = "switched off by AWS_EC2_METADATA_DISABLED";
    return std::nullopt;
  }
  std::string base = "http://169.254.169.254";
  if (const auto* given = access.environment.find("AWS_EC2_METADATA_SERVICE_ENDPOINT")) {
    base = *given;
    while (base.ends_with('/')) base.pop_back();
  }
  const auto make = [&] {
    HttpRequest request{.method = "PUT", .url = base + "/latest/api/token"};
    request.headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}};
    request.max_response_bytes = kLongestAnswer;
    request.may_use_proxy = false;
    request.connect_timeout = std::chrono::seconds(1);
    request.total_timeout = std::chrono::seconds(3);
    return request;
  };
  const RetriedResponse token = access.hasty.send(make, access.stop);
  if (!token.response.is_success()) {
    why_not = token.response.failure ? "does not answer (" + token.response.failure->message + ")"
                                     : "HTTP " + std::to_string(token.response.status);
    return std::nullopt;
  }
  const std::string tried = "ask the instance metadata for credentials";
  const HttpHeaders headers = {{"x-aws-ec2-metadata-token", token.response.body}};
  const std::string roles = base + "/latest/meta-data/iam/security-credentials/";
  std::string role;
  try {
    role = get(access.patient, roles, headers, tried, access.stop);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNotFound) throw;
  }
  role = role.substr(0, role.find('\n'));
  if (role.empty()) {
    why_not = "this instance has no role";
    return std::nullopt;
  }
  return credentials_in(get(access.patient, roles + role, headers, tried, access.stop), "Token",
                        tried);
}

}  // namespace finops
