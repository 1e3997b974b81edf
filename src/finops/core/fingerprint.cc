#include "finops/core/fingerprint.h"

// Compiled in: half of the values are a few bytes long, and a call costs as much as their hash.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace finops {

UInt128 Fingerprint::hash(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return (static_cast<UInt128>(hash.high64) << 64) | hash.low64;
}

std::string Fingerprint::to_string() const {
  std::string text(32, '0');
  UInt128 rest = sum_;
  for (std::size_t i = 32; i-- > 0; rest >>= 4) {
    text[i] = "0123456789abcdef"[static_cast<unsigned>(rest) & 15];
  }
  return text;
}

std::optional<Fingerprint> Fingerprint::parse(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  Fingerprint fingerprint;
  for (const char c : text) {
    const auto digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    fingerprint.sum_ = fingerprint.sum_ << 4 | digit;
  }
  return fingerprint;
}

}  // namespace finops
