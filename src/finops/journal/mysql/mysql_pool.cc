#include "finops/journal/mysql/mysql_pool.h"

#include "finops/core/error.h"

namespace finops::journal {

std::unique_ptr<MySqlConnection> MySqlPool::get() {
  {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_for(lock, options_.connect_timeout,
                         [this] { return !idle_.empty() || open_ < options_.most_connections; })) {
      throw Error(ErrorKind::kUnavailable, "all " + std::to_string(options_.most_connections) +
                                               " connections to the journal are in use; try again");
    }
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
    ++open_;
  }
  try {
    return std::make_unique<MySqlConnection>(options_);
  } catch (...) {
    put_back(nullptr, false);
    throw;
  }
}

void MySqlPool::put_back(std::unique_ptr<MySqlConnection> connection, bool is_clean) {
  {
    const std::lock_guard lock(mutex_);
    if (connection != nullptr && is_clean && !connection->is_broken()) {
      idle_.push_back(std::move(connection));
    } else {
      --open_;
    }
  }
  freed_.notify_one();  // a connection that is not kept closes after this, without the lock
}

void MySqlPool::drop_idle() {
  std::vector<std::unique_ptr<MySqlConnection>> dropped;
  {
    const std::lock_guard lock(mutex_);
    dropped.swap(idle_);
    open_ -= static_cast<int>(dropped.size());
  }
  freed_.notify_all();
}

}  // namespace finops::journal
