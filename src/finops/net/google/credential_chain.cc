#include "finops/net/google/credential_chain.h"

#include <filesystem>
#include <utility>

#include "finops/core/error.h"
#include "finops/net/google/token_sources.h"
#include "finops/net/kept_until_expiry.h"
#include "finops/net/url.h"

namespace finops {
namespace {

using FoundToken = FoundCredentials<GoogleToken>;

class GivenToken : public GoogleCredentialProvider {
 public:
  GivenToken(std::string token, std::string origin)
      : token_{.text = std::move(token), .expires = {}, .quota_project = {}},
        origin_(std::move(origin)) {}
  GoogleToken get(std::stop_token) override { return token_; }
  void forget(const GoogleToken&) override {}  // there is no other
  std::string origin() const override { return origin_; }

 private:
  const GoogleToken token_;
  const std::string origin_;
};

/// Keeps what fetch() gives until shortly before it expires.
class RefreshedToken : public GoogleCredentialProvider {
 public:
  RefreshedToken(const GoogleSession& session, GoogleScopes scopes, std::string origin)
      : session_(session),
        scopes_(std::move(scopes)),
        patient_(session.http, session.clock, RetryPolicy{}, session.budget),
        hasty_(session.http, session.clock, RetryPolicy{.attempts = 2}, session.budget),
        kept_(session.clock, kEarly, std::move(origin)) {}

  GoogleToken get(std::stop_token stop) override {
    return kept_.get([&] { return fetch({patient_, hasty_, session_, stop}); });
  }

  void forget(const GoogleToken& refused) override {
    kept_.forget([&](const GoogleToken& token) { return token.text == refused.text; });
  }

  std::string origin() const override { return kept_.origin(); }

 protected:
  /// Called by one thread at a time.
  virtual FoundToken fetch(const GoogleAccess& access) = 0;

  const GoogleSession session_;
  const GoogleScopes scopes_;

 private:
  /// The metadata server gives the same token until four minutes before its end; asking sooner
  /// would be asking each time.
  static constexpr std::chrono::seconds kEarly{225};

  RetryingClient patient_, hasty_;
  KeptUntilExpiry<GoogleToken> kept_;
};

FoundToken found_in_file(const std::string& path, const GoogleScopes& scopes,
                         const GoogleAccess& access) {
  const GoogleCredentialFile file = read_google_credential_file(path);
  try {
    GoogleToken token = token_of_file(file, scopes, access);
    if (const auto* project = access.session.environment.find("GOOGLE_CLOUD_QUOTA_PROJECT")) {
      token.quota_project = *project;
    }
    return {std::move(token), file.told_as + " of '" + path + "'"};
  } catch (const Error& error) {
    throw Error(error.kind(), error.what() + (" (credentials from '" + path + "')"));
  }
}

class FileToken : public RefreshedToken {
 public:
  FileToken(const GoogleSession& session, GoogleScopes scopes, std::string path)
      : RefreshedToken(session, std::move(scopes),
                       read_google_credential_file(path).told_as + " of '" + path + "'"),
        path_(std::move(path)) {}

 private:
  FoundToken fetch(const GoogleAccess& access) override {
    return found_in_file(path_, scopes_, access);
  }

  const std::string path_;
};

class DefaultToken : public RefreshedToken {
 public:
  DefaultToken(const GoogleSession& session, GoogleScopes scopes)
      : RefreshedToken(session, std::move(scopes), "Google's application default credentials") {}

 private:
  FoundToken fetch(const GoogleAccess& access) override {
    std::string looked;
    const auto note = [&](const std::string& text) {
      looked += (looked.empty() ? "" : "; ") + text;
    };
    const Environment& environment = session_.environment;
    if (const std::string* path = environment.find("GOOGLE_APPLICATION_CREDENTIALS")) {
      try {
        return found_in_file(*path, scopes_, access);
      } catch (const Error& error) {
        throw Error(error.kind(), error.what() + std::string(", which "
                                                             "GOOGLE_APPLICATION_CREDENTIALS "
                                                             "names"));
      }
    }
    note("the environment (GOOGLE_APPLICATION_CREDENTIALS is not set)");
    const std::string path = gcloud_file();
    std::error_code ignored;
    if (path.empty()) {
      note("gcloud's file (neither CLOUDSDK_CONFIG nor HOME is set)");
    } else if (std::filesystem::exists(path, ignored)) {
      return found_in_file(path, scopes_, access);
    } else {
      note("gcloud's file '" + path + "' (there is none)");
    }
    std::string why_not;
    if (was_on_google_ || is_metadata_server_there(access, why_not)) {
      was_on_google_ = true;
      return {token_of_metadata_server(scopes_, access), "this machine's service account"};
    }
    note("the metadata server (" + why_not + ")");
    throw Error(ErrorKind::kPermissionDenied,
                "there are no Google credentials. Looked for in: " + looked +
                    ". Name a key or federation file in GOOGLE_APPLICATION_CREDENTIALS, log in "
                    "(gcloud auth application-default login), or run where there is a service "
                    "account");
  }

  std::string gcloud_file() const {
    constexpr const char* kName = "/application_default_credentials.json";
    if (const auto* folder = session_.environment.find("CLOUDSDK_CONFIG")) return *folder + kName;
    const auto* home = session_.environment.find("HOME");
    return home == nullptr ? "" : *home + "/.config/gcloud" + kName;
  }

  // A server that was there once and does not answer now is a failure that passes, not a place
  // without credentials.
  bool was_on_google_ = false;
};

class ImpersonatedToken : public RefreshedToken {
 public:
  ImpersonatedToken(const GoogleSession& session, GoogleScopes scopes,
                    std::shared_ptr<GoogleCredentialProvider> source, const std::string& account,
                    GoogleImpersonation wanted)
      : RefreshedToken(session, std::move(scopes), "the service account " + account),
        source_(std::move(source)),
        account_(account),
        wanted_(std::move(wanted)) {}

 private:
  FoundToken fetch(const GoogleAccess& access) override {
    const GoogleToken source = source_->get(access.stop);
    try {
      return {token_of_impersonation(wanted_, source, scopes_, access),
              "the service account " + account_ + ", impersonated with " + source_->origin()};
    } catch (const Error& error) {
      throw Error(error.kind(),
                  error.what() + std::string(" (credentials from ") + source_->origin() + ")");
    }
  }

  const std::shared_ptr<GoogleCredentialProvider> source_;
  const std::string account_;
  const GoogleImpersonation wanted_;
};

}  // namespace

std::shared_ptr<GoogleCredentialProvider> given_google_token(std::string token,
                                                             std::string origin) {
  return std::make_shared<GivenToken>(std::move(token), std::move(origin));
}

std::shared_ptr<GoogleCredentialProvider> google_credentials_of_file(const GoogleSession& session,
                                                                     const std::string& path,
                                                                     GoogleScopes scopes) {
  return std::make_shared<FileToken>(session, std::move(scopes), path);
}

std::shared_ptr<GoogleCredentialProvider> google_default_credentials(const GoogleSession& session,
                                                                     GoogleScopes scopes) {
  return std::make_shared<DefaultToken>(session, std::move(scopes));
}

std::shared_ptr<GoogleCredentialProvider> impersonated_google_credentials(
    const GoogleSession& session, std::shared_ptr<GoogleCredentialProvider> source,
    const std::string& service_account_email, GoogleScopes scopes, std::chrono::seconds lifetime,
    const std::string& base_url) {
  const std::string tried = "impersonate the service account '" + service_account_email + "': ";
  if (service_account_email.find('@') == std::string::npos) {
    throw Error(ErrorKind::kInvalidConfig, tried + "this is not an e-mail address");
  }
  if (lifetime < std::chrono::seconds(1) || lifetime > std::chrono::hours(12)) {
    throw Error(ErrorKind::kInvalidConfig, tried + "its tokens live from 1 s to 12 h");
  }
  if (!may_be_sent_secrets(base_url)) {
    throw Error(ErrorKind::kInvalidConfig, tried + "'" + base_url + "' is not an https:// URL");
  }
  GoogleImpersonation wanted{.url = base_url + "/v1/projects/-/serviceAccounts/" +
                                    percent_encode(service_account_email) + ":generateAccessToken",
                             .delegates = {},
                             .lifetime = lifetime};
  return std::make_shared<ImpersonatedToken>(session, std::move(scopes), std::move(source),
                                             service_account_email, std::move(wanted));
}

}  // namespace finops
