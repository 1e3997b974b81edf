#include "finops/service/worker_pool.h"

#include <utility>

namespace finops {

WorkerPool::WorkerPool(std::size_t threads, std::size_t max_waiting) : max_waiting_(max_waiting) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() { close(); }

bool WorkerPool::try_run(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    // A task that an idle thread takes at once does not wait.
    if (is_closed_ || tasks_.size() >= max_waiting_ + idle_) return false;
    tasks_.push_back(std::move(task));
  }
  changed_.notify_one();
  return true;
}

std::size_t WorkerPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return tasks_.size();
}

void WorkerPool::close() {
  std::deque<std::function<void()>> dropped;  // outside of the lock: what they hold may call us
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    dropped.swap(tasks_);
  }
  changed_.notify_all();
  threads_.clear();
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [this] { return is_closed_ || !tasks_.empty(); });
    --idle_;
    if (is_closed_) return;
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

}  // namespace finops
