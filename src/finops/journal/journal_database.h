#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "finops/journal/job.h"

namespace finops::journal {

/// Statements on one connection, with `?` for what is bound. One thread at a time.
class SqlSession {
 public:
  using Value = std::optional<std::string>;
  using Row = std::vector<Value>;

  virtual ~SqlSession() = default;

  virtual std::vector<Row> query(const std::string& sql, const std::vector<Value>& values = {}) = 0;
  /// How many rows the statement met, changed or not. kAlreadyExists when a unique key refuses it.
  virtual std::int64_t run(const std::string& sql, const std::vector<Value>& values = {}) = 0;
  /// By the clock that leases run by.
  virtual Time now() = 0;
};

/// How one database writes what others write differently.
struct SqlDialect {
  std::string row_number;             // type of the key `id`
  std::string number, text;           // types; text without a bound
  std::string name, long_name;        // texts to 255 and 400 characters that compare byte by byte
  std::string time, stamp;            // types; stamp is that of the reference's own times
  std::string now, changes;           // defaults of created_at and updated_at
  std::string status;                 // type of etl_jobs.status
  std::string table_end;              // behind a CREATE TABLE's columns
  std::string for_update;             // behind a SELECT of rows that stay as they are until the end
  std::string columns_of, keys_of;    // queries for names, of a table that is bound
  std::vector<std::string> adoption;  // statements that make the reference's own columns ours
};

/// Where a journal's tables are. May be called from any thread.
class JournalDatabase {
 public:
  /// May be called several times, each time from the beginning: what it gives to its caller is what
  /// the last call said.
  using Work = std::function<void(SqlSession&)>;

  virtual ~JournalDatabase() = default;

  virtual const SqlDialect& dialect() const = 0;
  /// Sees what is committed; statements may see different times.
  virtual void read(const Work& work) = 0;
  /// As one transaction: all of it happened once when this returns, and nothing of what is seen
  /// below `for_update` or was changed changes before the end. Work that meets kAlreadyExists
  /// begins again.
  virtual void write(const Work& work) = 0;
  /// While nobody else is in here. Where the database has no transactions of CREATE and ALTER, work
  /// may have been cut off at any statement before, and must go on from there.
  virtual void migrate(const Work& work) = 0;
};

}  // namespace finops::journal
