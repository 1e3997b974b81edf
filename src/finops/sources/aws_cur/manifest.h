#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/billing_period.h"
#include "finops/sources/billing_source.h"

namespace finops::aws_cur {

inline constexpr std::uint64_t kManifestLimit = 64ull << 20;

/// What is known of a manifest before it is read.
struct ManifestPlace {
  std::string key;
  std::string layout;  // "v1" | "v2"
  std::optional<BillingPeriod> period;  // of the folder that it is in
  std::string bucket;                   // empty: unknown
};

struct Manifest {
  BillingPeriod period{2000, 1};
  std::optional<std::string> version;
  std::optional<std::vector<std::string>> files;  // nothing: the manifest has no list
  std::vector<DeliveredColumn> columns;
  std::string account;
};

/// Understands every shape of manifest that AWS has written (README.md). Throws kInvalidData for one
/// that it cannot understand in full, kUnsupported for deliveries that are not csv.gz or not of the
/// cost and usage table; the messages name `place.key`.
Manifest parse_manifest(std::string_view json, const ManifestPlace& place);

/// The month in which a manifest's date lies: "20250901T000000.000Z", "2025-09-01T00:00:00Z",
/// "20250901", "2025-09"; nothing for other texts.
std::optional<BillingPeriod> period_of_date(std::string_view text);

/// The month of a folder's name: "20250901-20251001" (v1), "BILLING_PERIOD=2025-09" (v2).
std::optional<BillingPeriod> period_of_range(std::string_view folder);
std::optional<BillingPeriod> period_of_partition(std::string_view folder);

/// The version of a delivery whose manifest has no id.
std::string version_of_content(std::string_view manifest_etag,
                               const std::vector<std::string>& files);

/// Throws kUnsupported naming the format when a file is not csv.gz.
void require_csv_gz(const std::vector<std::string>& files, std::string_view told_format,
                    std::string_view manifest_key);

}  // namespace finops::aws_cur
