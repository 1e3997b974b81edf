#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace finops {

/// A fixed number of threads and a bounded queue before them. The tasks must not throw.
class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t max_waiting);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False, and the task is not taken, when the queue is full or the pool is closed.
  bool try_run(std::function<void()> task);
  std::size_t waiting() const;
  /// Drops what waits and returns when what runs has ended.
  void close();

 private:
  void work();

  const std::size_t max_waiting_;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::size_t idle_ = 0;
  bool is_closed_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace finops
