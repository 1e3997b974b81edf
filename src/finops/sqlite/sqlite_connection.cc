#include "finops/sqlite/sqlite_connection.h"

#include <sqlite3.h>

#include "finops/core/error.h"

namespace finops {
namespace {

/// Writers queue for the file; a swap takes some ten milliseconds.
constexpr int kBusyTimeoutMs = 30'000;

struct Failure {
  ErrorKind kind;
  std::string advice;
};

Failure failure_of(int code, const std::string& key) {
  switch (code & 0xFF) {  // without the details of extended codes
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::kUnavailable, "another program holds it; run the same command again"};
    case SQLITE_FULL:
      return {ErrorKind::kNoSpace, "make room on that disk and run the same command again"};
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return {ErrorKind::kPermissionDenied,
              "check the owner and the permissions of the file and of its folder, which SQLite "
              "writes its journal to"};
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return {ErrorKind::kInvalidData, "the file is no SQLite database, or a damaged one; check " +
                                           key + ", or restore it from a backup"};
    case SQLITE_IOERR: return {ErrorKind::kUnavailable, "check the disk that it is on"};
    default: return {ErrorKind::kInternal, "this may be a defect of finops"};
  }
}

}  // namespace

void SqliteConnection::Close::operator()(sqlite3* db) const { sqlite3_close(db); }

SqliteConnection::SqliteConnection(SqliteFile file) : file_(std::move(file)) {
  sqlite3* db = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | (file_.may_create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(file_.path.c_str(), &db, flags, nullptr);
  db_.reset(db);
  if (code != SQLITE_OK) fail(code, "open");
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
  if (file_.has_wal) query("PRAGMA journal_mode = WAL");
  // A commit survives the loss of power: WAL's is synced with FULL, and EXTRA syncs the removal of
  // the journal, which is the commit, too.
  run(file_.has_wal ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = EXTRA");
}

std::vector<SqliteConnection::Row> SqliteConnection::query(const std::string& sql,
                                                           const Parameters& parameters) {
  sqlite3_stmt* raw = nullptr;
  int code = sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &raw, nullptr);
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, sqlite3_finalize);
  std::vector<Row> rows;
  if (code == SQLITE_OK) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (!parameters[i]) continue;  // what is not bound is NULL
      sqlite3_bind_text(raw, static_cast<int>(i + 1), parameters[i]->data(),
                        static_cast<int>(parameters[i]->size()), SQLITE_TRANSIENT);
    }
    while ((code = sqlite3_step(raw)) == SQLITE_ROW) {
      auto& row = rows.emplace_back();
      for (int i = 0; i < sqlite3_column_count(raw); ++i) {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw, i));
        row.push_back(text == nullptr ? std::nullopt : std::optional<std::string>(text));
      }
    }
  }
  if (code != SQLITE_DONE) fail(code, "'" + sql.substr(0, sql.find_first_of(" (")) + "' in");
  return rows;
}

int SqliteConnection::run(const std::string& sql, const Parameters& parameters) {
  query(sql, parameters);
  return sqlite3_changes(db_.get());
}

void SqliteConnection::fail(int code, const std::string& tried) const {
  const auto [kind, advice] = failure_of(code, file_.key);
  const std::string reason = db_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db_.get());
  throw Error(kind,
              tried + " " + file_.subject + " '" + file_.path + "': " + reason + "; " + advice);
}

}  // namespace finops
