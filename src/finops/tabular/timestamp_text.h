#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace finops {

/// The times that AWS writes, in UTC, as microseconds since 1970:
///
///   date      YYYY-MM-DD, or YYYYMMDD; the year 0001 to 9999, a day that the month has
///   time      after 'T' or one space: HH:MM[:SS[.digits]]; after YYYYMMDD also HHMM[SS[.digits]];
///             hours to 23, seconds to 59; of more than six digits of fraction the rest must be
///             zeros
///   offset    after a time: Z, or +HH:MM, +HHMM, +HH or the same with '-', at most 23:59
///
/// A date alone is its midnight; a time without an offset is UTC. Nothing for any other text.
std::optional<std::int64_t> parse_timestamp(std::string_view text);

}  // namespace finops
