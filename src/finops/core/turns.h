#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

namespace finops {

/// Lets work that is done in any order take one step in the order of its numbers, 0 to count - 1:
/// each waits until all before it have passed.
class Turns {
 public:
  explicit Turns(std::size_t count) : has_passed_(count) {}

  /// Passes at the latest when it is destroyed, so that nobody waits for one that failed.
  class Turn {
   public:
    Turn(Turns& turns, std::size_t number) : turns_(turns), number_(number) {}
    ~Turn() { pass(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    void wait() { turns_.wait(number_); }
    void pass() { turns_.pass(number_); }

   private:
    Turns& turns_;
    const std::size_t number_;
  };

 private:
  void wait(std::size_t number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return first_ >= number; });
  }

  void pass(std::size_t number) {
    const std::lock_guard lock(mutex_);
    has_passed_[number] = true;
    while (first_ < has_passed_.size() && has_passed_[first_]) ++first_;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bool> has_passed_;
  std::size_t first_ = 0;  // that has not passed
};

}  // namespace finops
