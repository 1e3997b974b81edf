#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

struct sqlite3;

namespace finops {

/// A SQLite file and what messages call it.
struct SqliteFile {
  std::string path;
  std::string subject;  // "the catalog"
  std::string key;      // of the configuration, that names it: "catalog.uri"
  bool may_create = false;
  /// WAL: readers do not wait for writers. It leaves side files, which copies of the file alone
  /// miss; without it, the journal's removal is the commit.
  bool has_wal = false;
};

/// One connection to a SQLite file; the only place that includes SQLite's header. One thread at a
/// time. Errors name the file, what was tried, and what to do.
class SqliteConnection {
 public:
  /// kNotFound when the file is missing and not to be made.
  explicit SqliteConnection(SqliteFile file);

  using Row = std::vector<std::optional<std::string>>;
  using Parameters = std::vector<std::optional<std::string>>;
  std::vector<Row> query(const std::string& sql, const Parameters& parameters = {});
  /// Runs a statement and returns how many rows it changed.
  int run(const std::string& sql, const Parameters& parameters = {});

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  [[noreturn]] void fail(int code, const std::string& tried) const;

  const SqliteFile file_;
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace finops
