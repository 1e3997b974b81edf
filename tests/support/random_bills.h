#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace finops {

/// CSV texts for layout_of_all_types(): rows as AWS writes them, among rows with everything that
/// may confuse a reader: stray, doubled and missing quotes, line ends of all kinds within cells,
/// NULs, broken UTF-8, cells of any length, numbers and times at the edge of their grammar.
/// Deterministic by seed on every machine.
class RandomBills {
 public:
  explicit RandomBills(std::uint32_t seed) : random_(seed) {}

  std::string text(std::size_t rows);
  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::string header();
  std::string row();
  std::string cell(std::size_t column);
  std::string noise();

  std::mt19937 random_;
  std::size_t nastiness_ = 10;  // one cell in so many is noise
};

}  // namespace finops
