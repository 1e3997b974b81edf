#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/cli/services.h"

namespace finops {

/// Milliseconds since 1970 in UTC of "2026-05-31", "2026-05-31 14:30[:00[.123]]" (UTC) or an RFC
/// 3339 time with Z or an offset ('T' or a blank in the middle). Nothing for other texts and for
/// days that do not exist. A day alone is its first instant.
std::optional<std::int64_t> parse_time(std::string_view text);

/// The values of --as-of, each a time or TABLE=SNAPSHOT. Throws kUsage for anything else, for two
/// times and for one table twice.
TimeTravel parse_as_of(const std::vector<std::string>& values);

}  // namespace finops
