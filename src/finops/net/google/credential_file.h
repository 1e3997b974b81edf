#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "finops/net/google/rsa_key.h"
#include "finops/net/http.h"

namespace finops {

// What the files say that Google's libraries and gcloud read, by their "type". Never part of a
// message or a log as a whole.

/// service_account
struct GoogleServiceAccountKey {
  std::string client_email, private_key_id, token_uri;
  RsaPrivateKey private_key;
};

/// authorized_user: what `gcloud auth application-default login` leaves.
struct GoogleUserLogin {
  std::string client_id, client_secret, refresh_token, token_uri;
};

/// An external account whose subject is a signed call of AWS's GetCallerIdentity (AIP-4117).
struct AwsSubject {
  std::string credentials_url;    // of the instance metadata; empty: the environment's
  std::string region_url;         // where the metadata tells the availability zone; may be empty
  std::string session_token_url;  // of the metadata's version 2; may be empty
  std::string verification_url;   // GetCallerIdentity, with "{region}"
};

/// An external account whose subject is a token in a file or at a URL (AIP-4117).
struct TokenSubject {
  std::string file, url;   // one of them
  HttpHeaders headers;     // for the URL
  std::string json_field;  // where in a JSON object the token is; empty: it is the whole text
};

/// external_account
struct GoogleExternalAccount {
  std::string audience, subject_token_type, token_url;
  std::string client_id, client_secret;     // empty: none
  std::string workforce_pool_user_project;  // empty: none
  std::variant<AwsSubject, TokenSubject> subject;
};

using GooglePrincipal =
    std::variant<GoogleServiceAccountKey, GoogleUserLogin, GoogleExternalAccount>;

/// A call of generateAccessToken.
struct GoogleImpersonation {
  std::string url;
  std::vector<std::string> delegates;
  std::chrono::seconds lifetime = std::chrono::hours(1);
};

struct GoogleCredentialFile {
  std::string path;
  std::string told_as;  // whose they are, for people: "the service account a@b"
  GooglePrincipal principal;
  std::vector<GoogleImpersonation> impersonations;  // one with the token of the one before
  std::string quota_project;                        // empty: none
};

/// Reads and checks it as a whole. Throws Error: kInvalidConfig with every mistake by its field,
/// kUnsupported for a kind of credentials that finops does not know. Nothing of a file's values is
/// in a message, except its type, its URLs and a service account's name.
GoogleCredentialFile read_google_credential_file(const std::string& path);
/// The same of the text that stands in `path`.
GoogleCredentialFile parse_google_credentials(const std::string& text, const std::string& path);

/// True for https, and for http to this machine: a secret may be sent there.
bool may_be_sent_secrets(std::string_view url);

}  // namespace finops
