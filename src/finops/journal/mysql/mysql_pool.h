#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "finops/journal/mysql/mysql_connection.h"

namespace finops::journal {

/// Connections of one program to one database, at most so many. Any thread may borrow one.
class MySqlPool {
 public:
  explicit MySqlPool(MySqlOptions options) : options_(std::move(options)) {}

  /// A connection for as long as this lives; then it goes back, unless it is broken or was left in
  /// the middle of something.
  class Borrowed {
   public:
    explicit Borrowed(MySqlPool& pool) : pool_(pool), connection_(pool.get()) {}
    ~Borrowed() { pool_.put_back(std::move(connection_), is_clean_); }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;

    MySqlConnection& operator*() { return *connection_; }
    MySqlConnection* operator->() { return connection_.get(); }
    void is_clean() { is_clean_ = true; }

   private:
    MySqlPool& pool_;
    std::unique_ptr<MySqlConnection> connection_;
    bool is_clean_ = false;
  };

  const MySqlOptions& options() const { return options_; }
  /// What broke one connection has most likely broken those that wait.
  void drop_idle();

 private:
  /// Waits for one that is free; kUnavailable when none gets free in connect_timeout.
  std::unique_ptr<MySqlConnection> get();
  void put_back(std::unique_ptr<MySqlConnection> connection, bool is_clean);

  const MySqlOptions options_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<MySqlConnection>> idle_;
  int open_ = 0;  // lent and idle ones
};

}  // namespace finops::journal
