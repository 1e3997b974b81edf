#pragma once

#include <cstdint>
#include <mutex>

namespace finops {

/// Bytes that all readers and writers of a run together may hold beside what each needs at least.
/// Safe to call from any thread.
class TransferBudget {
 public:
  explicit TransferBudget(std::uint64_t bytes) : left_(bytes) {}

  /// All of them or none.
  bool take(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }
  void give_back(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    left_ += bytes;
  }

 private:
  std::mutex mutex_;
  std::uint64_t left_;
};

}  // namespace finops
