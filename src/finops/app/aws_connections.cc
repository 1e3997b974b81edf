#include "finops/app/aws_connections.h"

#include <string>
#include <utility>

#include "finops/cli/version.h"
#include "finops/stores/s3/s3_store.h"

namespace finops {
namespace {

HttpOptions http_options(const Environment& environment) {
  HttpOptions options{.user_agent = "finops/" + std::string(finops_version())};
  // The first is the AWS CLI's own, the others what programs with OpenSSL and libcurl go by.
  for (const char* name : {"AWS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"}) {
    const std::string* file = environment.find(name);
    if (file != nullptr && options.ca_file.empty()) options.ca_file = *file;
  }
  return options;
}

S3Addressing addressing_of(AddressingStyle style) {
  switch (style) {
    case AddressingStyle::kPath: return S3Addressing::kPath;
    case AddressingStyle::kVirtual: return S3Addressing::kVirtualHost;
    case AddressingStyle::kAuto: break;
  }
  return S3Addressing::kAuto;
}

}  // namespace

AwsConnections::AwsConnections(Environment environment, Clock& clock, std::stop_token stop)
    : environment_(std::move(environment)),
      clock_(clock),
      stop_(std::move(stop)),
      http_(make_http_client(http_options(environment_))),
      budget_(std::make_shared<RetryBudget>()) {}

AwsSession AwsConnections::session(const std::string& region) const {
  return {http_, budget_, environment_, clock_, region};
}

std::shared_ptr<AwsCredentialProvider> AwsConnections::credentials(
    const AwsExport& configured) const {
  std::shared_ptr<AwsCredentialProvider> base;
  if (configured.aws_access_key_id.is_set()) {
    base = given_credentials({configured.aws_access_key_id.resolve(environment_),
                              configured.aws_secret_access_key.resolve(environment_),
                              configured.aws_session_token.resolve(environment_),
                              {}},
                             "aws_access_key_id of '" + configured.name + "'");
  } else {
    base = credential_chain(session(configured.region));
  }
  if (configured.role_arn.empty()) return base;
  return assumed_role(session(configured.region), std::move(base),
                      {.role_arn = configured.role_arn, .external_id = configured.external_id});
}

std::shared_ptr<ObjectStore> AwsConnections::bucket(const AwsExport& configured) const {
  S3Options options{.bucket = configured.bucket,
                    .region = aws_region(environment_, configured.region),
                    .endpoint_url = configured.endpoint_url,
                    .addressing = addressing_of(configured.addressing_style),
                    .requester_pays = configured.requester_pays};
  options.retry_budget = budget_;
  options.stop = stop_;
  return make_s3_store(std::move(options), http_, credentials(configured), clock_);
}

}  // namespace finops
