#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "finops/journal/journal_database.h"
#include "finops/journal/mysql/mysql_options.h"

// NOLINTBEGIN(readability-identifier-naming): the client's own names
struct st_mysql;
struct st_mysql_stmt;
// NOLINTEND(readability-identifier-naming)

namespace finops::journal {

/// One connection to MySQL or MariaDB: UTC, strict, READ COMMITTED, utf8mb4. The only place that
/// includes the client's headers. One thread at a time.
///
/// Errors: kAlreadyExists for a unique key; kConflict for a deadlock or a lock that was not to be
/// had (the transaction is rolled back); kUnavailable when there is no connection (any more);
/// kPermissionDenied, kInvalidConfig, kNoSpace, kInvalidData as they say.
class MySqlConnection : public SqlSession {
 public:
  explicit MySqlConnection(const MySqlOptions& options);

  std::vector<Row> query(const std::string& sql, const std::vector<Value>& values = {}) override;
  std::int64_t run(const std::string& sql, const std::vector<Value>& values = {}) override;
  Time now() override;

  /// START TRANSACTION, COMMIT, ROLLBACK, SET: without values and results.
  void command(const std::string& sql);

  /// The connection was lost, or may have been; it is of no more use.
  bool is_broken() const { return is_broken_; }
  bool is_encrypted() const;

 private:
  struct Close {
    void operator()(st_mysql* connection) const;
    void operator()(st_mysql_stmt* statement) const;
  };
  using Statement = std::unique_ptr<st_mysql_stmt, Close>;

  void connect(const MySqlOptions& options);
  /// Prepared once per connection.
  st_mysql_stmt* prepared(const std::string& sql);
  void execute(st_mysql_stmt* statement, const std::string& sql, const std::vector<Value>& values);
  std::vector<Row> rows_of(st_mysql_stmt* statement, const std::string& sql);
  [[noreturn]] void fail(unsigned number, const std::string& reason, const std::string& tried);
  [[noreturn]] void fail_statement(st_mysql_stmt* statement, const std::string& sql);

  const std::string place_;  // "mysql://host:port/database"
  bool is_broken_ = false;
  std::unique_ptr<st_mysql, Close> connection_;
  std::map<std::string, Statement> statements_;  // goes before the connection
};

}  // namespace finops::journal
