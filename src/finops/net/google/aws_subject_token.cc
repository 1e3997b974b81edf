#include "finops/net/google/aws_subject_token.h"

#include <algorithm>
#include <map>
#include <utility>

#include "finops/core/error.h"
#include "finops/net/aws/credential_chain.h"
#include "finops/net/aws/sigv4.h"
#include "finops/net/google/google_error.h"
#include "finops/net/google/json_fields.h"
#include "finops/net/url.h"

namespace finops {
namespace {

std::string ask_metadata(const HttpRequest& request, const GoogleAccess& access) {
  const auto make = [&] {
    HttpRequest asked = request;
    asked.max_response_bytes = 1 << 20;
    asked.may_use_proxy = false;
    asked.connect_timeout = std::chrono::seconds(1);
    asked.total_timeout = std::chrono::seconds(3);
    return asked;
  };
  RetriedResponse result = access.hasty.send(make, access.stop);
  if (result.response.is_success()) return std::move(result.response.body);
  const Error error =
      error_of_google_failure(result, "ask " + request.url + " for the AWS region", false);
  throw Error(error.kind(), error.what() + std::string("; outside EC2 set AWS_REGION"));
}

std::string region_of(const AwsSubject& subject, const GoogleAccess& access) {
  if (auto region = aws_region(access.session.environment, ""); !region.empty()) return region;
  if (subject.region_url.empty()) {
    throw Error(ErrorKind::kInvalidConfig,
                "sign GetCallerIdentity for Google: no AWS region is known; set AWS_REGION");
  }
  HttpRequest request{.url = subject.region_url};
  if (!subject.session_token_url.empty()) {
    const HttpRequest login{.method = "PUT",
                            .url = subject.session_token_url,
                            .headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "300"}}};
    request.headers = {{"x-aws-ec2-metadata-token", ask_metadata(login, access)}};
  }
  std::string zone = ask_metadata(request, access);
  zone.resize(std::min(zone.find_first_of("\r\n"), zone.size()));
  // "us-east-2b" is a zone of us-east-2.
  if (!zone.empty()) zone.pop_back();
  if (zone.empty() ||
      zone.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) {
    throw Error(ErrorKind::kInvalidData,
                "ask " + subject.region_url + " for the AWS region: the answer is no zone");
  }
  return zone;
}

/// The environment with the metadata server that the file names, where it names none itself.
Environment environment_of(const AwsSubject& subject, const Environment& environment) {
  constexpr const char* kServer = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
  const auto url = Url::parse(subject.credentials_url);
  if (!url || environment.find(kServer) != nullptr) return environment;
  std::map<std::string, std::string> variables(environment.variables().begin(),
                                               environment.variables().end());
  variables[kServer] = url->scheme + "://" + url->authority;
  return Environment(std::move(variables));
}

}  // namespace

std::string aws_subject_token(const AwsSubject& subject, const std::string& audience,
                              const GoogleAccess& access) {
  const std::string region = region_of(subject, access);
  const auto provider =
      credential_chain({.http = access.session.http,
                        .budget = access.session.budget,
                        .environment = environment_of(subject, access.session.environment),
                        .clock = access.session.clock,
                        .region = region});
  std::string url = subject.verification_url;
  constexpr std::string_view kPlace = "{region}";
  for (std::size_t at; (at = url.find(kPlace)) != std::string::npos;) {
    url.replace(at, kPlace.size(), region);
  }
  HttpRequest request{.method = "POST", .url = url};
  request.headers = {{"x-goog-cloud-target-resource", audience}};
  sign_request(request, provider->get(access.stop),
               {.region = region, .service = "sts", .has_content_hash_header = false},
               access.session.clock.now());
  request.headers.push_back({"host", Url::parse(url)->authority});
  nlohmann::json headers = nlohmann::json::array();
  for (const HttpHeader& header : request.headers) {
    headers.push_back({{"key", header.name}, {"value", header.value}});
  }
  const nlohmann::json call{{"url", url}, {"method", request.method}, {"headers", headers}};
  return percent_encode(json_text(call));
}

}  // namespace finops
