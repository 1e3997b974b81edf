#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "finops/sources/aws_cur/manifest.h"

namespace finops::aws_cur {

/// Bucket-relative keys of a manifest's file entries: "s3://bucket/key", "/key" or "key". Throws
/// kInvalidData for entries that are no key, lie in another bucket, are listed twice, or are
/// manifests. `told_bucket` is the manifest's own word; empty when it has none.
std::vector<std::string> keys_of_entries(const std::vector<std::string>& entries,
                                         std::string_view told_bucket, const ManifestPlace& place);

/// Throws kUnsupported for a file whose name does not tell a format that is read (`told_format`
/// decides for those that tell nothing), kInvalidData when one delivery has CSV and Parquet, which
/// may be the same bill twice.
void require_known_formats(const std::vector<std::string>& files, std::string_view told_format,
                           std::string_view manifest_key);

/// Data by its name's ending; AWS puts .sql and .json files beside.
bool is_data_file(std::string_view key);

/// The version of a delivery whose manifest has no id: "m-<16 hex>".
std::string version_of_content(std::string_view manifest_etag,
                               const std::vector<std::string>& files);

}  // namespace finops::aws_cur
