#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/billing_period.h"
#include "finops/sources/billing_source.h"

namespace finops::aws_cur {

/// What is known of a manifest before it is read.
struct ManifestPlace {
  std::string key;
  std::string layout;                   // "v1" | "v2"
  std::optional<BillingPeriod> period;  // of the folder that it is in
  std::string bucket;                   // in which it lies; empty: unknown
};

struct Manifest {
  BillingPeriod period{2000, 1};
  const ColumnDictionary* dictionary = nullptr;  // of the table that the export delivers
  std::optional<std::string> version;
  std::optional<std::vector<std::string>> files;  // nothing: the manifest has no list
  std::vector<DeliveredColumn> columns;
  std::string account;
  std::string told_format;  // compression and content type, in AWS's words
};

/// Understands every shape of manifest that AWS has written (README.md). Throws kInvalidData for
/// one that it cannot understand in full, kUnsupported for deliveries that are not csv.gz or not of
/// the cost and usage table; the messages name `place.key`.
Manifest parse_manifest(std::string_view json, const ManifestPlace& place);

}  // namespace finops::aws_cur
