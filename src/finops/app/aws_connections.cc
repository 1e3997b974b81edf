#include "finops/app/aws_connections.h"

#include <string>
#include <utility>

#include "finops/cli/version.h"

namespace finops {
namespace {

constexpr const char* kOfLake = "[lake]";

/// The first is the AWS CLI's own, the others what programs with OpenSSL and libcurl go by.
std::string ca_file_of(const Environment& environment) {
  for (const char* name : {"AWS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"}) {
    if (const std::string* file = environment.find(name)) return *file;
  }
  return "";
}

HttpOptions http_options(const std::string& ca_file) {
  HttpOptions options{.user_agent = "finops/" + std::string(finops_version())};
  options.ca_file = ca_file;
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

constexpr std::uint64_t kTransferBytes = 16u << 20;

}  // namespace

AwsConnections::AwsConnections(Environment environment, Clock& clock, std::stop_token stop)
    : environment_(std::move(environment)),
      clock_(clock),
      stop_(std::move(stop)),
      ca_file_(ca_file_of(environment_)),
      http_(make_http_client(http_options(ca_file_))),
      budget_(std::make_shared<RetryBudget>()),
      transfers_(std::make_shared<TransferBudget>(kTransferBytes)),
      secrets_(std::make_unique<SecretsManager>(session(""), credential_chain(session("")))) {}

std::string AwsConnections::value_of(const Secret& secret) const {
  return secret.resolve(environment_, [this](const SecretsManagerReference& reference) {
    return secrets_->value(reference.arn, reference.region, reference.key, stop_);
  });
}

AwsSession AwsConnections::session(const std::string& region) const {
  return {http_, budget_, environment_, clock_, region};
}

std::shared_ptr<AwsCredentialProvider> AwsConnections::credentials(const AwsAccess& access,
                                                                   const std::string& whose) const {
  std::shared_ptr<AwsCredentialProvider> base;
  if (access.aws_access_key_id.is_set()) {
    base = given_credentials({value_of(access.aws_access_key_id),
                              value_of(access.aws_secret_access_key),
                              value_of(access.aws_session_token),
                              {}},
                             "aws_access_key_id of " + whose);
  } else {
    base = credential_chain(session(access.region));
  }
  if (access.role_arn.empty()) return base;
  return assumed_role(session(access.region), std::move(base),
                      {.role_arn = access.role_arn, .external_id = access.external_id});
}

std::shared_ptr<ObjectStore> AwsConnections::open(S3Options options, const AwsAccess& access,
                                                  const std::string& whose) const {
  options.region = aws_region(environment_, access.region);
  options.endpoint_url = access.endpoint_url;
  options.addressing = addressing_of(access.addressing_style);
  options.read_timeout = access.read_timeout;
  options.retry_budget = budget_;
  options.transfers = transfers_;
  options.stop = stop_;
  return make_s3_store(std::move(options), http_, credentials(access, whose), clock_);
}

std::shared_ptr<ObjectStore> AwsConnections::bucket(const AwsExport& configured) const {
  return open({.bucket = configured.bucket, .requester_pays = configured.requester_pays},
              configured.access, "'" + configured.name + "'");
}

std::shared_ptr<ObjectStore> AwsConnections::bucket(const Configuration& configuration,
                                                    const std::string& name) const {
  AwsExport of_defaults = configuration.aws;
  of_defaults.name = "[aws]";
  of_defaults.bucket = name;
  return bucket(of_defaults);
}

std::shared_ptr<ObjectStore> AwsConnections::lake(const Configuration& configuration) const {
  const BucketPlace& place = configuration.lake_bucket.value();
  return open({.bucket = place.bucket,
               .key_prefix = place.prefix.empty() ? "" : place.prefix + "/",
               .kms_key_id = configuration.lake.kms_key_id},
              configuration.lake.access, kOfLake);
}

RemoteAccess AwsConnections::lake_access(const Configuration& configuration) const {
  const AwsAccess& access = configuration.lake.access;
  RemoteAccess remote{.scope = configuration.lake_dir,
                      .region = aws_region(environment_, access.region),
                      .endpoint_url = access.endpoint_url,
                      .credentials = credentials(access, kOfLake)->get(stop_),
                      .ca_file = ca_file_};
  remote.is_path_style = is_in_path(addressing_of(access.addressing_style), access.endpoint_url,
                                    configuration.lake_bucket.value().bucket);
  return remote;
}

}  // namespace finops
