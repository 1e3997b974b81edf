#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "finops/core/clock.h"

namespace finops {

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7, the form that servers must send).
std::optional<TimePoint> parse_http_date(std::string_view text);

/// The same form, as a server sends it; without the milliseconds.
std::string to_http_date(TimePoint time);

/// "2026-05-31T23:59:59.000Z", with or without a fraction, as AWS writes it in XML and JSON; an
/// offset "+00:00" is read too.
std::optional<TimePoint> parse_iso8601(std::string_view text);

}  // namespace finops
