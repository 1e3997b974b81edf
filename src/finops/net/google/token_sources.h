#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "finops/net/google/credential_file.h"
#include "finops/net/google/credentials.h"
#include "finops/net/retry.h"

namespace finops {

/// What tokens are asked for with. `patient` repeats requests as usual; `hasty` is for addresses
/// that may not exist on this machine and does not.
struct GoogleAccess {
  RetryingClient& patient;
  RetryingClient& hasty;
  const GoogleSession& session;
  std::stop_token stop;
};

/// A token of what a file holds: by a signed assertion (RFC 7523), a refresh token (RFC 6749) or an
/// exchange (RFC 8693), and then by the impersonations that the file asks for.
GoogleToken token_of_file(const GoogleCredentialFile& file, const GoogleScopes& scopes,
                          const GoogleAccess& access);

/// generateAccessToken of the IAM Service Account Credentials API, asked with `source`.
GoogleToken token_of_impersonation(const GoogleImpersonation& wanted, const GoogleToken& source,
                                   const GoogleScopes& scopes, const GoogleAccess& access);

/// True when the metadata server of a Google machine answers; else `why_not` says what happened.
bool is_metadata_server_there(const GoogleAccess& access, std::string& why_not);

/// The token of this machine's service account, from the metadata server.
GoogleToken token_of_metadata_server(const GoogleScopes& scopes, const GoogleAccess& access);

}  // namespace finops
