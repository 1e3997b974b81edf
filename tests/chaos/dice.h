#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace finops::chaos {

/// Chance that a seed repeats exactly, on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  std::uint64_t next() { return random_(); }
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool one_in(std::uint64_t times) { return below(times) == 0; }
  template <typename Values>
  auto& pick(Values& values) {
    return values[static_cast<std::size_t>(below(std::size(values)))];
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace finops::chaos
