#pragma once

#include <memory>
#include <string>
#include <vector>

struct sqlite3;

namespace finops::lake {

/// One connection to a SQLite file; the only place that includes SQLite's header. One thread at a
/// time. Errors name the file, what was tried, and what to do.
class SqliteConnection {
 public:
  /// kNotFound when the file is missing and not to be made.
  SqliteConnection(const std::string& path, bool may_create);

  using Row = std::vector<std::string>;  // NULL is empty
  std::vector<Row> query(const std::string& sql, const std::vector<std::string>& parameters = {});
  /// Runs a statement and returns how many rows it changed.
  int run(const std::string& sql, const std::vector<std::string>& parameters = {});

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  [[noreturn]] void fail(int code, const std::string& tried) const;

  const std::string path_;
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace finops::lake
