#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "finops/core/decimal.h"

namespace finops {

/// An order-independent fingerprint of a column: the sum modulo 2^128 of the XXH3-128 hash of each
/// value's bytes, NULLs left out. Two columns with the same values in any row order have the same
/// fingerprint; a changed, missing or doubled value gives another. Canonical bytes: text and binary
/// as they are; decimals as 16 bytes of the unscaled value, timestamps as 8 bytes of microseconds,
/// int and long as 8 bytes, boolean as 1, all little-endian; a map as, per entry in stored order,
/// the key's length (4 bytes, little-endian) and bytes, then 0 for a NULL value, else 1, the
/// value's length (4) and its bytes (a decimal's 16).
class Fingerprint {
 public:
  void add(std::string_view bytes) { sum_ += hash(bytes); }
  /// A value that occurs `count` times, hashed once: what makes dictionary columns cheap.
  void add(UInt128 value_hash, std::uint64_t count) { sum_ += value_hash * count; }
  void add(const Fingerprint& other) { sum_ += other.sum_; }

  static UInt128 hash(std::string_view bytes);

  /// 32 hex digits, most significant first.
  std::string to_string() const;
  static std::optional<Fingerprint> parse(std::string_view text);
  bool operator==(const Fingerprint&) const = default;

 private:
  UInt128 sum_ = 0;
};

}  // namespace finops
