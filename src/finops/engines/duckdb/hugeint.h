#pragma once

#include <duckdb.h>

#include <cstdint>

#include "finops/core/decimal.h"

namespace finops {

inline Int128 to_int128(duckdb_hugeint value) {
  return static_cast<Int128>((static_cast<UInt128>(static_cast<std::uint64_t>(value.upper)) << 64) |
                             value.lower);
}

inline duckdb_hugeint to_hugeint(Int128 value) {
  const auto bits = static_cast<UInt128>(value);
  return {static_cast<std::uint64_t>(bits), static_cast<std::int64_t>(bits >> 64)};
}

}  // namespace finops
