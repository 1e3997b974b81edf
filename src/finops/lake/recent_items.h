#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace finops::lake {

/// Parsed immutable files by their path, the most recently used ones up to a total weight (about
/// bytes). Safe to call from any thread.
template <typename T>
class RecentItems {
 public:
  explicit RecentItems(std::size_t capacity) : capacity_(capacity) {}

  std::shared_ptr<const T> find(const std::string& path) {
    const std::lock_guard lock(mutex_);
    const auto it = by_path_.find(path);
    if (it == by_path_.end()) return nullptr;
    items_.splice(items_.begin(), items_, it->second);
    return it->second->content;
  }

  void add(const std::string& path, std::shared_ptr<const T> content, std::size_t weight) {
    const std::lock_guard lock(mutex_);
    if (by_path_.contains(path)) return;
    items_.push_front({path, std::move(content), weight});
    by_path_[path] = items_.begin();
    weight_ += weight;
    while (weight_ > capacity_ && items_.size() > 1) {
      weight_ -= items_.back().weight;
      by_path_.erase(items_.back().path);
      items_.pop_back();
    }
  }

 private:
  struct Item {
    std::string path;
    std::shared_ptr<const T> content;
    std::size_t weight;
  };

  const std::size_t capacity_;
  std::mutex mutex_;
  std::list<Item> items_;  // the most recently used first
  std::unordered_map<std::string, typename std::list<Item>::iterator> by_path_;
  std::size_t weight_ = 0;
};

}  // namespace finops::lake
