#include "finops/net/google/token_sources.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "finops/core/base64.h"
#include "finops/core/error.h"
#include "finops/net/google/aws_subject_token.h"
#include "finops/net/google/google_error.h"
#include "finops/net/google/json_fields.h"
#include "finops/net/google/jwt.h"
#include "finops/net/http_date.h"
#include "finops/net/http_failure.h"
#include "finops/net/url.h"

namespace finops {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kLongestAnswer = 1 << 20;
constexpr std::size_t kLongestSubject = 64 << 10;
constexpr const char* kMetadataFlavor = "metadata-flavor";

/// What is asked, and what no message may repeat, even if the server does.
struct Question {
  std::string method = "POST";
  std::string url;
  HttpHeaders headers;
  std::string body;
  std::vector<std::string> secrets;
};

void hide(std::string& text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;) {
      text.replace(at, secret.size(), "***");
    }
  }
}

/// The body of the answer. Throws with what was said.
std::string ask(const Question& question, const std::string& tried, const GoogleAccess& access) {
  const auto make = [&] {
    HttpRequest request{.method = question.method, .url = question.url};
    request.headers = question.headers;
    request.body = std::as_bytes(std::span(question.body));
    request.max_response_bytes = kLongestAnswer;
    request.may_use_proxy = question.url.starts_with("https:");
    request.total_timeout = std::chrono::seconds(30);
    return request;
  };
  RetriedResponse result = access.patient.send(make, access.stop, is_transient_google_answer);
  if (result.response.is_success()) return std::move(result.response.body);
  hide(result.response.body, question.secrets);
  throw error_of_google_failure(result, tried, false);
}

/// RFC 6749, 5.1.
GoogleToken token_in(const std::string& body, const std::string& tried, TimePoint now) {
  const Json answer = Json::parse(body, nullptr, false);
  GoogleToken token{.text = text_of(answer, "access_token"), .expires = {}, .quota_project = {}};
  const Json life = answer.is_object() ? answer.value("expires_in", Json()) : Json();
  constexpr std::int64_t kLongest = 7 * 86'400;
  if (token.text.empty() || !life.is_number_integer() || life < 0 || life > kLongest) {
    throw Error(ErrorKind::kInvalidData,
                tried + ": the answer holds no access token with its time to live");
  }
  token.expires = now + std::chrono::seconds(life.get<std::int64_t>());
  return token;
}

GoogleToken ask_for_token(Question question, const FormFields& fields, const std::string& tried,
                          const GoogleAccess& access) {
  question.headers.push_back({"content-type", "application/x-www-form-urlencoded"});
  question.body = form_text(fields);
  // Before it is asked for: it lives from some time after this.
  const TimePoint now = access.session.clock.now();
  return token_in(ask(question, tried, access), tried, now);
}

std::string joined(const GoogleScopes& scopes, const char* between) {
  std::string text;
  for (const std::string& scope : scopes) text += (text.empty() ? "" : between) + scope;
  return text;
}

/// `path` without the last line ends; of at most kLongestSubject bytes.
std::string subject_in_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kLongestSubject, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

/// Gets a token for the principal of a file, without the file's impersonations.
class PrincipalToken {
 public:
  PrincipalToken(const GoogleScopes& scopes, const GoogleAccess& access)
      : scopes_(scopes), access_(access) {}

  GoogleToken operator()(const GoogleServiceAccountKey& key) const {
    const auto now = std::chrono::floor<std::chrono::seconds>(access_.session.clock.now());
    const std::int64_t seconds = now.time_since_epoch().count();
    Json header{{"alg", "RS256"}, {"typ", "JWT"}};
    if (!key.private_key_id.empty()) header["kid"] = key.private_key_id;
    const Json claims{{"iss", key.client_email},
                      {"scope", joined(scopes_, " ")},
                      {"aud", key.token_uri},
                      {"iat", seconds},
                      {"exp", seconds + 3600}};
    const std::string assertion = signed_jwt(key.private_key, json_text(header), json_text(claims));
    return ask_for_token(
        {.url = key.token_uri, .secrets = {assertion}},
        {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", assertion}},
        "get a token for the service account " + key.client_email, access_);
  }

  GoogleToken operator()(const GoogleUserLogin& login) const {
    // The scopes are those that the user agreed to at the login.
    return ask_for_token(
        {.url = login.token_uri, .secrets = {login.refresh_token, login.client_secret}},
        {{"grant_type", "refresh_token"},
         {"client_id", login.client_id},
         {"client_secret", login.client_secret},
         {"refresh_token", login.refresh_token}},
        "get a token for the user's login", access_);
  }

  GoogleToken operator()(const GoogleExternalAccount& account) const {
    const std::string tried = "get a token for the external account of " + account.audience;
    std::string subject;
    try {
      subject = std::visit([&](const auto& source) { return subject_of(source, account.audience); },
                           account.subject);
    } catch (const Error& error) {
      throw error.within(tried);
    }
    Question question{.url = account.token_url,
                      .secrets = {subject, percent_decode(subject), account.client_secret}};
    FormFields fields = {{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                         {"audience", account.audience},
                         {"scope", joined(scopes_, " ")},
                         {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                         {"subject_token", subject},
                         {"subject_token_type", account.subject_token_type}};
    if (!account.client_id.empty()) {
      question.headers.push_back(
          {"authorization", "Basic " + base64(account.client_id + ":" + account.client_secret)});
    } else if (!account.workforce_pool_user_project.empty()) {
      const Json options{{"userProject", account.workforce_pool_user_project}};
      fields.emplace_back("options", percent_encode(json_text(options)));
    }
    return ask_for_token(std::move(question), fields, tried, access_);
  }

 private:
  std::string subject_of(const AwsSubject& source, const std::string& audience) const {
    return aws_subject_token(source, audience, access_);
  }

  std::string subject_of(const TokenSubject& source, const std::string&) const {
    const std::string place = source.file.empty() ? source.url : "'" + source.file + "'";
    const std::string tried = "read the subject's token in " + place;
    std::string text =
        source.file.empty()
            ? ask({.method = "GET", .url = source.url, .headers = source.headers}, tried, access_)
            : subject_in_file(source.file);
    if (!source.json_field.empty()) {
      text = text_of(Json::parse(text, nullptr, false), source.json_field.c_str());
    }
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    if (!text.empty()) return text;
    throw Error(ErrorKind::kPermissionDenied,
                tried + (source.json_field.empty()
                             ? ": it is missing, unreadable or empty"
                             : ": it is no JSON object with a text '" + source.json_field + "'"));
  }

  const GoogleScopes& scopes_;
  const GoogleAccess& access_;
};

std::string metadata_server(const Environment& environment) {
  for (const char* name : {"GCE_METADATA_HOST", "GCE_METADATA_IP"}) {
    if (const std::string* host = environment.find(name)) return "http://" + *host;
  }
  return "http://metadata.google.internal";
}

HttpRequest metadata_request(const std::string& url) {
  HttpRequest request{.url = url, .headers = {{kMetadataFlavor, "Google"}}};
  request.max_response_bytes = kLongestAnswer;
  request.may_use_proxy = false;
  request.connect_timeout = std::chrono::seconds(1);
  request.total_timeout = std::chrono::seconds(3);
  return request;
}

/// Anybody may answer at that address; only Google's server says so.
bool is_googles(const HttpResponse& response) {
  const std::string* flavor = find_header(response.headers, kMetadataFlavor);
  return flavor != nullptr && *flavor == "Google";
}

/// The service account in a URL of generateAccessToken, for people.
std::string account_in(const std::string& url) {
  constexpr std::string_view kBefore = "/serviceAccounts/";
  const std::size_t begin = url.find(kBefore);
  if (begin == std::string::npos) return url;
  const std::string rest = url.substr(begin + kBefore.size());
  return percent_decode(rest.substr(0, rest.find(':')));
}

std::string advice_for_impersonation(ErrorKind kind) {
  if (kind == ErrorKind::kPermissionDenied) {
    return "; it takes roles/iam.serviceAccountTokenCreator (iam.serviceAccounts.getAccessToken) "
           "on that service account";
  }
  return kind == ErrorKind::kNotFound ? "; check the service account's e-mail address" : "";
}

}  // namespace

GoogleToken token_of_file(const GoogleCredentialFile& file, const GoogleScopes& scopes,
                          const GoogleAccess& access) {
  const GoogleScopes all{std::string(kCloudPlatformScope)};
  const bool is_last = file.impersonations.empty();
  GoogleToken token = std::visit(PrincipalToken(is_last ? scopes : all, access), file.principal);
  token.quota_project = file.quota_project;
  for (std::size_t i = 0; i < file.impersonations.size(); ++i) {
    const bool is_the_last = i + 1 == file.impersonations.size();
    token =
        token_of_impersonation(file.impersonations[i], token, is_the_last ? scopes : all, access);
  }
  token.quota_project = file.quota_project;
  return token;
}

GoogleToken token_of_impersonation(const GoogleImpersonation& wanted, const GoogleToken& source,
                                   const GoogleScopes& scopes, const GoogleAccess& access) {
  const std::string tried = "impersonate the service account " + account_in(wanted.url);
  Json body{{"scope", scopes}, {"lifetime", std::to_string(wanted.lifetime.count()) + "s"}};
  if (!wanted.delegates.empty()) body["delegates"] = wanted.delegates;
  Question question{.url = wanted.url,
                    .headers = authorization_headers(source),
                    .body = json_text(body),
                    .secrets = {source.text}};
  question.headers.push_back({"content-type", "application/json"});
  Json answer;
  try {
    answer = Json::parse(ask(question, tried, access), nullptr, false);
  } catch (const Error& error) {
    throw Error(error.kind(), error.what() + advice_for_impersonation(error.kind()));
  }
  GoogleToken token{.text = text_of(answer, "accessToken"),
                    .expires = parse_iso8601(text_of(answer, "expireTime")),
                    .quota_project = {}};
  if (token.text.empty() || !token.expires) {
    throw Error(ErrorKind::kInvalidData, tried + ": the answer holds no access token with its end");
  }
  return token;
}

bool is_metadata_server_there(const GoogleAccess& access, std::string& why_not) {
  if (const auto* off = access.session.environment.find("NO_GCE_CHECK"); off && *off == "true") {
    why_not = "switched off by NO_GCE_CHECK";
    return false;
  }
  const std::string base = metadata_server(access.session.environment);
  const RetriedResponse result =
      access.hasty.send([&] { return metadata_request(base + "/"); }, access.stop);
  if (result.response.failure) {
    why_not = base + " does not answer (" + one_line(result.response.failure->message) + ")";
    return false;
  }
  if (is_googles(result.response)) return true;
  why_not = "what answers at " + base + " is not Google's";
  return false;
}

GoogleToken token_of_metadata_server(const GoogleScopes& scopes, const GoogleAccess& access) {
  const std::string tried = "ask the metadata server for this machine's token";
  const std::string url = metadata_server(access.session.environment) +
                          "/computeMetadata/v1/instance/service-accounts/default/token" +
                          (scopes.empty() ? "" : "?scopes=" + percent_encode(joined(scopes, ",")));
  const TimePoint now = access.session.clock.now();
  const RetriedResponse result = access.patient.send([&] { return metadata_request(url); },
                                                     access.stop, is_transient_google_answer);
  if (!result.response.failure && !is_googles(result.response)) {
    throw Error(ErrorKind::kPermissionDenied,
                tried + ": what answers is not Google's metadata server");
  }
  if (result.response.status == 404) {
    throw Error(ErrorKind::kPermissionDenied, tried + ": this machine has no service account");
  }
  if (!result.response.is_success()) throw error_of_google_failure(result, tried, false);
  return token_in(result.response.body, tried, now);
}

}  // namespace finops
