#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "finops/core/decimal.h"

namespace finops {

/// splitmix64: the same numbers from the same seed on every machine, unlike std's distributions.
class DemoRandom {
 public:
  explicit DemoRandom(std::uint64_t seed) : state_(seed) {}
  /// A generator for one purpose: streams with different parts are independent.
  DemoRandom(std::initializer_list<std::uint64_t> parts) : state_(0) {
    for (const std::uint64_t part : parts) state_ = mix(state_ ^ mix(part));
  }

  std::uint64_t next() { return mix(state_ += kStep); }
  /// 0 to limit - 1.
  std::uint64_t below(std::uint64_t limit) {
    return static_cast<std::uint64_t>(static_cast<UInt128>(next()) * limit >> 64);
  }
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least) + 1));
  }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  template <typename List>
  const auto& pick(const List& list) {
    return list[static_cast<std::size_t>(below(list.size()))];
  }

  static std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31);
  }

 private:
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15U;
  std::uint64_t state_;
};

}  // namespace finops
