#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "finops/core/billing_period.h"

namespace finops::aws_cur {

/// The month in which a manifest's date lies: "20250901T000000.000Z", "2025-09-01T00:00:00Z",
/// "20250901", "2025-09"; nothing for other texts.
std::optional<BillingPeriod> period_of_date(std::string_view text);

/// The month of a v1 folder "20250901-20251001"; nothing for names that are no range of dates.
std::optional<BillingPeriod> period_of_range(std::string_view folder);

/// The month of a v2 folder "BILLING_PERIOD=2025-09".
std::optional<BillingPeriod> period_of_partition(std::string_view folder);

/// The month of the folders "year=2025" and "month=9" (or "month=09") of a report for Athena.
std::optional<BillingPeriod> period_of_hive(std::string_view year, std::string_view month);

/// The last name of a folder's key: "b" of "a/b/".
std::string_view last_name(std::string_view folder);

/// "a/b/" of "/a/b" and the like; empty for an empty prefix.
std::string folder_prefix(std::string_view prefix);

}  // namespace finops::aws_cur
