#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "tests/chaos/dice.h"

namespace finops::chaos {

/// Lets several workers run, one at a time, and chooses by its dice who goes on at each pause: what
/// they do at once happens in an order that the seed repeats exactly.
class Interleaver {
 public:
  Interleaver(std::size_t workers, std::uint64_t seed);

  /// Runs all of them to their end, each in a thread of its own. None may throw.
  void run(const std::vector<std::function<void()>>& workers);
  /// Called by worker `me` while it runs: another one may go on now.
  void pause(std::size_t me);

 private:
  using Lock = std::unique_lock<std::mutex>;
  void wait_for_turn(std::size_t me, Lock& lock);
  void choose_next();
  void end(std::size_t me);

  std::mutex mutex_;
  std::condition_variable changed_;
  Dice dice_;
  std::vector<std::size_t> alive_;
  std::size_t current_ = 0;
};

}  // namespace finops::chaos
