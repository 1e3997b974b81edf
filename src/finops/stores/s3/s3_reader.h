#pragma once

#include <memory>
#include <string>

#include "finops/stores/s3/s3_client.h"

namespace finops {

/// The bytes of one version of one object, read in ranges of which several are on their way at
/// once. kNotFound, kConflict.
std::unique_ptr<ByteReader> open_s3_object(std::shared_ptr<S3Client> client, std::string_view key,
                                           const ReadOptions& options);

}  // namespace finops
