#pragma once

#include <string>

#include "finops/net/aws/credentials.h"

namespace finops {

/// How DuckDB reads the files of a lake in a bucket.
struct RemoteAccess {
  std::string scope;  // "s3://bucket/lake": where the credentials are used, and nowhere else
  std::string region, endpoint_url;  // empty: us-east-1, AWS
  bool is_path_style = false;
  AwsCredentials credentials;
  std::string ca_file;  // PEM; empty: the system's certificates
};

}  // namespace finops
