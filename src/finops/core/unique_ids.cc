#include "finops/core/unique_ids.h"

#include <cstdio>
#include <random>

namespace finops {

std::uint64_t random_bits() {
  thread_local std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

std::string random_uuid() {
  const auto high = (random_bits() & ~0xF000ULL) | 0x4000ULL;
  const auto low = (random_bits() & ~(3ULL << 62)) | (2ULL << 62);
  char text[37];
  std::snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>((high >> 16) & 0xFFFF), static_cast<unsigned>(high & 0xFFFF),
                static_cast<unsigned>(low >> 48),
                static_cast<unsigned long long>(low & 0xFFFFFFFFFFFFULL));
  return text;
}

}  // namespace finops
