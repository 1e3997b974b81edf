#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "finops/net/google/credentials.h"

namespace finops {

/// A token that does not change; an empty one for emulators, which want none. `origin` says where
/// it is from: "the configuration of a test".
std::shared_ptr<GoogleCredentialProvider> given_google_token(std::string token, std::string origin);

/// What the JSON file `path` gives: a service account's key, a user's login by gcloud, an external
/// account (workload identity federation from AWS, a file or a URL), an impersonated service
/// account. The file is checked as a whole at once (kInvalidConfig, with every mistake), and read
/// again for each token, so that a key may be changed while finops runs.
std::shared_ptr<GoogleCredentialProvider> google_credentials_of_file(const GoogleSession& session,
                                                                     const std::string& path,
                                                                     GoogleScopes scopes);

/// Application default credentials (AIP-4110): the file of GOOGLE_APPLICATION_CREDENTIALS, gcloud's
/// file, the metadata server. The first place that is there decides; what it says when it gives
/// nothing is the error.
std::shared_ptr<GoogleCredentialProvider> google_default_credentials(const GoogleSession& session,
                                                                     GoogleScopes scopes);

/// Tokens of a service account that `source` may make tokens for: it needs
/// roles/iam.serviceAccountTokenCreator on it. A `lifetime` of more than an hour has to be allowed
/// by the organisation's policy, and is never more than twelve. `base_url` is for tests.
std::shared_ptr<GoogleCredentialProvider> impersonated_google_credentials(
    const GoogleSession& session, std::shared_ptr<GoogleCredentialProvider> source,
    const std::string& service_account_email, GoogleScopes scopes,
    std::chrono::seconds lifetime = std::chrono::hours(1),
    const std::string& base_url = "https://iamcredentials.googleapis.com");

}  // namespace finops
