#include "finops/net/aws/credential_chain.h"

#include <set>
#include <utility>

#include "finops/core/error.h"
#include "finops/net/aws/credential_sources.h"
#include "finops/net/aws/profile_files.h"
#include "finops/net/kept_until_expiry.h"

namespace finops {
namespace {

using FoundKeys = FoundCredentials<AwsCredentials>;

class GivenCredentials : public AwsCredentialProvider {
 public:
  GivenCredentials(AwsCredentials credentials, std::string origin)
      : credentials_(std::move(credentials)), origin_(std::move(origin)) {}
  AwsCredentials get(std::stop_token) override { return credentials_; }
  std::string origin() const override { return origin_; }

 private:
  const AwsCredentials credentials_;
  const std::string origin_;
};

/// Keeps what fetch() gives until shortly before it expires.
class RefreshedCredentials : public AwsCredentialProvider {
 public:
  RefreshedCredentials(AwsSession session, std::string origin)
      : session_(std::move(session)),
        patient_(session_.http, session_.clock, RetryPolicy{}, session_.budget),
        hasty_(session_.http, session_.clock, RetryPolicy{.attempts = 2}, session_.budget),
        kept_(session_.clock, std::chrono::minutes(5), std::move(origin)) {}

  AwsCredentials get(std::stop_token stop) override {
    return kept_.get([&] { return fetch(stop); });
  }

  std::string origin() const override { return kept_.origin(); }

 protected:
  /// Called by one thread at a time.
  virtual FoundKeys fetch(std::stop_token stop) = 0;

  CredentialAccess access(std::stop_token stop) {
    return {patient_, hasty_, session_.environment, region(), std::move(stop)};
  }
  StsAccess sts(std::stop_token stop) {
    return {patient_, session_.environment, region(), std::move(stop)};
  }
  std::string region() const { return aws_region(session_.environment, session_.region); }

  const AwsSession session_;

 private:
  RetryingClient patient_, hasty_;
  KeptUntilExpiry<AwsCredentials> kept_;
};

/// One walk along the chain.
class ChainWalk {
 public:
  ChainWalk(CredentialAccess access, StsAccess sts)
      : access_(std::move(access)), sts_(std::move(sts)), environment_(access_.environment) {}

  FoundKeys walk() {
    if (auto found = of_environment()) return std::move(*found);
    if (auto found = of_web_identity()) return std::move(*found);
    if (auto found = of_configured_profile()) return std::move(*found);
    if (auto found = of_container()) return std::move(*found);
    if (auto found = of_instance()) return std::move(*found);
    throw Error(
        ErrorKind::kPermissionDenied,
        "there are no AWS credentials. Looked for in: " + looked_ +
            ". Give aws_access_key_id and aws_secret_access_key, log in (aws configure, aws "
            "sso login), or run where there is a role");
  }

 private:
  const std::string* variable(std::string_view name) const { return environment_.find(name); }

  void note(const std::string& place_and_why) {
    looked_ += (looked_.empty() ? "" : "; ") + place_and_why;
  }

  std::optional<FoundKeys> of_environment() {
    const std::string* id = variable("AWS_ACCESS_KEY_ID");
    const std::string* key = variable("AWS_SECRET_ACCESS_KEY");
    if ((id == nullptr) != (key == nullptr)) {
      throw Error(ErrorKind::kInvalidConfig,
                  std::string(id == nullptr ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID") +
                      " is set without " +
                      (id == nullptr ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY") +
                      "; set both or none");
    }
    if (id == nullptr) {
      note("the environment (AWS_ACCESS_KEY_ID is not set)");
      return std::nullopt;
    }
    const std::string* token = variable("AWS_SESSION_TOKEN");
    return FoundKeys{{*id, *key, token == nullptr ? "" : *token, {}}, "AWS_ACCESS_KEY_ID"};
  }

  std::optional<FoundKeys> of_web_identity() {
    const std::string* file = variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    const std::string* role = variable("AWS_ROLE_ARN");
    if (file == nullptr || role == nullptr) {
      note("a web identity (AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are not set)");
      return std::nullopt;
    }
    const std::string* name = variable("AWS_ROLE_SESSION_NAME");
    const RoleToAssume wanted{.role_arn = *role,
                              .session_name = name == nullptr ? "finops" : *name};
    return FoundKeys{assume_role_with_web_identity(sts_, wanted, *file),
                     "the web identity of AWS_WEB_IDENTITY_TOKEN_FILE"};
  }

  std::optional<FoundKeys> of_configured_profile() {
    profiles_ = read_aws_profiles(environment_);
    const std::string name = aws_profile_name(environment_);
    const bool is_chosen =
        variable("AWS_PROFILE") != nullptr || variable("AWS_DEFAULT_PROFILE") != nullptr;
    const std::string place = "the profile '" + name + "' of " + profiles_.config_file + " and " +
                              profiles_.credentials_file;
    if (profiles_.find(name) == nullptr) {
      if (is_chosen) {
        throw Error(ErrorKind::kInvalidConfig,
                    place + " does not exist, but AWS_PROFILE asks for it");
      }
      note(place + " (there is none)");
      return std::nullopt;
    }
    auto credentials = of_profile(name);
    if (credentials) return FoundKeys{std::move(*credentials), "the profile '" + name + "'"};
    if (is_chosen) throw Error(ErrorKind::kInvalidConfig, place + " gives no credentials");
    note(place + " (it gives none)");
    return std::nullopt;
  }

  /// Nothing when the profile is about other things (a region) only.
  std::optional<AwsCredentials> of_profile(const std::string& name) {
    const AwsProfiles::Settings* profile = profiles_.find(name);
    if (profile == nullptr) {
      throw Error(ErrorKind::kInvalidConfig, "there is no profile '" + name + "' in " +
                                                 profiles_.config_file + " and " +
                                                 profiles_.credentials_file);
    }
    const bool seen = !visited_.insert(name).second;
    if (!setting(*profile, "role_arn").empty() && !seen) return of_role(name, *profile);
    const std::string id = setting(*profile, "aws_access_key_id");
    const std::string key = setting(*profile, "aws_secret_access_key");
    if (!id.empty() && !key.empty()) {
      return AwsCredentials{id, key, setting(*profile, "aws_session_token"), {}};
    }
    if (seen) {
      throw Error(ErrorKind::kInvalidConfig,
                  "the source_profile of the profile '" + name + "' leads back to itself");
    }
    if (!setting(*profile, "sso_session").empty() || !setting(*profile, "sso_start_url").empty()) {
      return credentials_of_sso(*profile, profiles_, access_);
    }
    if (const auto command = setting(*profile, "credential_process"); !command.empty()) {
      return credentials_of_process(command, access_);
    }
    return std::nullopt;
  }

  AwsCredentials of_role(const std::string& name, const AwsProfiles::Settings& profile) {
    RoleToAssume role{.role_arn = setting(profile, "role_arn"),
                      .external_id = setting(profile, "external_id")};
    if (const auto given = setting(profile, "role_session_name"); !given.empty()) {
      role.session_name = given;
    }
    if (const auto seconds = setting(profile, "duration_seconds"); !seconds.empty()) {
      role.lifetime = std::chrono::seconds(std::strtol(seconds.c_str(), nullptr, 10));
    }
    if (!setting(profile, "mfa_serial").empty()) {
      throw Error(ErrorKind::kUnsupported,
                  "the profile '" + name +
                      "' asks for an MFA code, which a program that runs by "
                      "itself cannot give; use a profile with credentials of its own");
    }
    const std::string file = setting(profile, "web_identity_token_file");
    if (!file.empty()) return assume_role_with_web_identity(sts_, role, file);
    return assume_role(sts_, base_of_role(name, profile), role);
  }

  AwsCredentials base_of_role(const std::string& name, const AwsProfiles::Settings& profile) {
    const std::string source = setting(profile, "source_profile");
    const std::string place = setting(profile, "credential_source");
    if (!source.empty()) {
      auto base = of_profile(source);
      if (base) return std::move(*base);
      throw Error(ErrorKind::kInvalidConfig, "the profile '" + source + "', which the profile '" +
                                                 name + "' assumes its role with, gives none");
    }
    std::optional<FoundKeys> found;
    if (place == "Environment") found = of_environment();
    if (place == "EcsContainer") found = of_container();
    if (place == "Ec2InstanceMetadata") found = of_instance();
    if (found) return std::move(found->credentials);
    throw Error(ErrorKind::kInvalidConfig,
                "the profile '" + name +
                    "' has a role_arn, but neither a source_profile nor a "
                    "credential_source that gives credentials");
  }

  std::optional<FoundKeys> of_container() {
    auto credentials = credentials_of_container(access_);
    if (credentials) return FoundKeys{std::move(*credentials), "the container's credentials"};
    note("the container's credentials (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set)");
    return std::nullopt;
  }

  std::optional<FoundKeys> of_instance() {
    std::string why_not;
    auto credentials = credentials_of_instance(access_, why_not);
    if (credentials) return FoundKeys{std::move(*credentials), "the instance's role"};
    note("the instance metadata (" + why_not + ")");
    return std::nullopt;
  }

  const CredentialAccess access_;
  const StsAccess sts_;
  const Environment& environment_;
  AwsProfiles profiles_;
  std::set<std::string> visited_;
  std::string looked_;
};

class CredentialChain : public RefreshedCredentials {
 public:
  explicit CredentialChain(AwsSession session)
      : RefreshedCredentials(std::move(session), "the usual AWS chain") {}

 private:
  FoundKeys fetch(std::stop_token stop) override {
    return ChainWalk(access(stop), sts(stop)).walk();
  }
};

class AssumedRole : public RefreshedCredentials {
 public:
  AssumedRole(AwsSession session, std::shared_ptr<AwsCredentialProvider> base, RoleToAssume role)
      : RefreshedCredentials(std::move(session), "the role " + role.role_arn),
        base_(std::move(base)),
        role_(std::move(role)) {}

 private:
  FoundKeys fetch(std::stop_token stop) override {
    const AwsCredentials base = base_->get(stop);
    try {
      return {assume_role(sts(stop), base, role_),
              "the role " + role_.role_arn + ", assumed with " + base_->origin()};
    } catch (const Error& error) {
      throw Error(error.kind(),
                  error.what() + std::string(" (credentials from ") + base_->origin() + ")");
    }
  }

  const std::shared_ptr<AwsCredentialProvider> base_;
  const RoleToAssume role_;
};

}  // namespace

std::shared_ptr<AwsCredentialProvider> given_credentials(AwsCredentials credentials,
                                                         std::string origin) {
  return std::make_shared<GivenCredentials>(std::move(credentials), std::move(origin));
}

std::shared_ptr<AwsCredentialProvider> credential_chain(AwsSession session) {
  return std::make_shared<CredentialChain>(std::move(session));
}

std::shared_ptr<AwsCredentialProvider> assumed_role(AwsSession session,
                                                    std::shared_ptr<AwsCredentialProvider> base,
                                                    RoleToAssume role) {
  return std::make_shared<AssumedRole>(std::move(session), std::move(base), std::move(role));
}

std::string aws_region(const Environment& environment, const std::string& given) {
  if (!given.empty()) return given;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (const std::string* found = environment.find(name)) return *found;
  }
  const AwsProfiles profiles = read_aws_profiles(environment);
  const auto* profile = profiles.find(aws_profile_name(environment));
  return profile == nullptr ? "" : setting(*profile, "region");
}

}  // namespace finops
