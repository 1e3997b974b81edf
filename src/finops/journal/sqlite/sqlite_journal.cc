#include "finops/journal/sqlite/sqlite_journal.h"

#include <filesystem>
#include <mutex>
#include <utility>

#include "finops/core/error.h"
#include "finops/journal/sql_journal.h"
#include "finops/sqlite/sqlite_connection.h"

namespace finops::journal {
namespace {

/// Texts compare byte by byte, and times are texts that sort as they should.
const SqlDialect& sqlite_dialect() {
  static const SqlDialect dialect = {
      .row_number = "INTEGER PRIMARY KEY AUTOINCREMENT",
      .number = "INTEGER",
      .text = "TEXT",
      .name = "VARCHAR(255)",
      .long_name = "VARCHAR(400)",
      .time = "VARCHAR(26)",
      .stamp = "VARCHAR(26)",
      .now = "",
      .changes = "",
      .status = "VARCHAR(16) CHECK (status IN ('IN_PROGRESS', 'SUCCESS', 'FAILED'))",
      .table_end = "",
      .for_update = "",
      .columns_of = "SELECT name FROM pragma_table_info(?)",
      .keys_of = "SELECT name FROM pragma_index_list(?)",
      .adoption = {}};
  return dialect;
}

class SqliteSession : public SqlSession {
 public:
  SqliteSession(SqliteConnection& connection, Clock& clock)
      : connection_(connection), clock_(clock) {}

  std::vector<Row> query(const std::string& sql, const std::vector<Value>& values) override {
    return connection_.query(sql, values);
  }
  std::int64_t run(const std::string& sql, const std::vector<Value>& values) override {
    return connection_.run(sql, values);
  }
  Time now() override { return clock_.now(); }

 private:
  SqliteConnection& connection_;
  Clock& clock_;
};

class SqliteDatabase : public JournalDatabase {
 public:
  SqliteDatabase(std::string path, Clock& clock) : path_(std::move(path)), clock_(clock) {}

  const SqlDialect& dialect() const override { return sqlite_dialect(); }

  void read(const Work& work) override {
    const std::lock_guard lock(mutex_);
    open(false);
    SqliteSession session(*connection_, clock_);
    work(session);
  }

  void write(const Work& work) override {
    const std::lock_guard lock(mutex_);
    open(false);
    transact(work);
  }

  void migrate(const Work& work) override {
    const std::lock_guard lock(mutex_);
    open(true);
    transact(work);
  }

 private:
  void open(bool may_create) {
    if (connection_ != nullptr) return;
    const std::filesystem::path path(path_);
    std::error_code ignored;  // opening the file tells it better
    if (may_create) {
      if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ignored);
    } else if (std::filesystem::status(path, ignored).type() ==
               std::filesystem::file_type::not_found) {
      throw Error(ErrorKind::kInvalidConfig,
                  "there is no journal '" + path_ + "' yet; make it with `finops journal migrate`");
    }
    connection_ = std::make_unique<SqliteConnection>(SqliteFile{.path = path_,
                                                                .subject = "the journal",
                                                                .key = "service.journal",
                                                                .may_create = may_create,
                                                                .has_wal = true});
  }

  /// Holds the lock for writing since before anything is read.
  void transact(const Work& work) {
    connection_->run("BEGIN IMMEDIATE");
    try {
      SqliteSession session(*connection_, clock_);
      work(session);
      connection_->run("COMMIT");
    } catch (...) {
      connection_.reset();  // rolls back
      throw;
    }
  }

  const std::string path_;
  Clock& clock_;
  std::mutex mutex_;
  std::unique_ptr<SqliteConnection> connection_;
};

}  // namespace

std::unique_ptr<JobJournal> make_sqlite_journal(std::string path, Clock& clock) {
  return make_sql_journal(std::make_unique<SqliteDatabase>(std::move(path), clock));
}

}  // namespace finops::journal
