#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

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

/// What one range or part has of the budget, given back with it; nothing when there was too little.
class TransferShare {
 public:
  TransferShare() = default;
  TransferShare(const std::shared_ptr<TransferBudget>& budget, std::uint64_t bytes)
      : budget_(budget->take(bytes) ? budget : nullptr), bytes_(bytes) {}
  ~TransferShare() {
    if (budget_) budget_->give_back(bytes_);
  }
  TransferShare(TransferShare&& other) noexcept { swap(other); }
  TransferShare& operator=(TransferShare&& other) noexcept {
    TransferShare taken(std::move(other));
    swap(taken);
    return *this;
  }

  explicit operator bool() const { return budget_ != nullptr; }

 private:
  void swap(TransferShare& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
  }

  std::shared_ptr<TransferBudget> budget_;
  std::uint64_t bytes_ = 0;
};

}  // namespace finops
