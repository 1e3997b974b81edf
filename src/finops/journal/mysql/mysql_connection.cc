#include "finops/journal/mysql/mysql_connection.h"

#include <mariadb/errmsg.h>
#include <mariadb/mysql.h>
#include <mariadb/mysqld_error.h>

#include <algorithm>
#include <mutex>

#include "finops/core/error.h"

namespace finops::journal {
namespace {

/// Some that MariaDB's header does not name.
constexpr unsigned kKilled = 1927, kClientTimeout = 4031;
constexpr unsigned kFirstClientError = 2000, kLastClientError = 2999;

struct Failure {
  ErrorKind kind;
  const char* advice;
  bool ends_connection = false;
};

/// The client reports a connection that ends below TLS as an error of TLS.
bool is_cut_off(const std::string& reason) {
  for (const char* text : {"eof", "reset by peer", "Broken pipe", "timed out"}) {
    if (reason.find(text) != std::string::npos) return true;
  }
  return false;
}

/// Of errors that the client's side finds.
Failure client_failure(unsigned number, const std::string& reason) {
  switch (number) {
    case CR_SSL_CONNECTION_ERROR:
      if (is_cut_off(reason)) return {ErrorKind::kUnavailable, "try again", true};
      return {ErrorKind::kPermissionDenied,
              "check service.db_ssl_mode and service.db_ssl_ca against the server's certificate",
              true};
    case CR_UNKNOWN_HOST:
    case CR_CONN_HOST_ERROR:
    case CR_CONNECTION_ERROR:
      return {ErrorKind::kUnavailable,
              "check service.db_host, its port, and whether the server runs", true};
    case CR_AUTH_PLUGIN_CANNOT_LOAD:
      return {ErrorKind::kInvalidConfig,
              "give the user a kind of password that this client knows (mysql_native_password, "
              "ed25519), or install the client's plugins",
              true};
    default: return {ErrorKind::kUnavailable, "try again", true};
  }
}

Failure failure_of(unsigned number, const std::string& reason) {
  if (number >= kFirstClientError && number <= kLastClientError) {
    return client_failure(number, reason);
  }
  switch (number) {
    case ER_DUP_ENTRY: return {ErrorKind::kAlreadyExists, "another row has that key"};
    case ER_LOCK_DEADLOCK:
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_QUERY_INTERRUPTED: return {ErrorKind::kConflict, "try again"};
    case kKilled:
    case kClientTimeout:
    case ER_SERVER_SHUTDOWN:
    case ER_NET_READ_ERROR:
    case ER_NET_READ_INTERRUPTED:
    case ER_NET_ERROR_ON_WRITE:
    case ER_NET_WRITE_INTERRUPTED:
    case ER_OPTION_PREVENTS_STATEMENT:  // read-only, as after a failover
      return {ErrorKind::kUnavailable, "try again", true};
    case ER_CON_COUNT_ERROR:
    case ER_TOO_MANY_USER_CONNECTIONS:
      return {ErrorKind::kUnavailable,
              "the server has no connection left; allow it more, or run fewer workers", true};
    case ER_ACCESS_DENIED_ERROR:
    case ER_DBACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
      return {ErrorKind::kPermissionDenied,
              "check service.db_user and service.db_password, and what that user may do"};
    case ER_BAD_DB_ERROR:
      return {ErrorKind::kInvalidConfig, "make the database, or check service.db_name"};
    case ER_RECORD_FILE_FULL:
    case ER_DISK_FULL: return {ErrorKind::kNoSpace, "make room on the server"};
    case ER_DATA_TOO_LONG:
    case ER_TRUNCATED_WRONG_VALUE:
    case ER_WARN_DATA_OUT_OF_RANGE:
      return {ErrorKind::kInvalidData,
              "the journal has or was to have what its column cannot hold"};
    default: return {ErrorKind::kInternal, "this may be a defect of finops"};
  }
}

/// The first words, for a message.
std::string beginning(const std::string& sql) { return sql.substr(0, sql.find(' ')); }

struct FreeResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};

unsigned seconds(std::chrono::seconds duration) { return static_cast<unsigned>(duration.count()); }

void set_options(MYSQL* connection, const MySqlOptions& options) {
  const unsigned connect = seconds(options.connect_timeout),
                 answer = seconds(options.answer_timeout);
  mysql_options(connection, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
  mysql_options(connection, MYSQL_OPT_READ_TIMEOUT, &answer);
  mysql_options(connection, MYSQL_OPT_WRITE_TIMEOUT, &answer);
  mysql_options(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const unsigned protocol = MYSQL_PROTOCOL_TCP;  // "localhost" would be a socket file
  mysql_options(connection, MYSQL_OPT_PROTOCOL, &protocol);
  if (!options.plugin_dir.empty()) {
    mysql_options(connection, MYSQL_PLUGIN_DIR, options.plugin_dir.c_str());
  }
  const my_bool no = 0, yes = 1;
  mysql_options(connection, MYSQL_OPT_RECONNECT, &no);
  mysql_options(connection, MYSQL_OPT_SSL_ENFORCE,
                options.ssl_mode == SslMode::kDisabled ? &no : &yes);
  if (options.ssl_mode == SslMode::kDisabled) return;
  mysql_options(connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT,
                options.ssl_mode == SslMode::kVerifyIdentity ? &yes : &no);
  if (!options.ssl_ca.empty()) mysql_options(connection, MYSQL_OPT_SSL_CA, options.ssl_ca.c_str());
}

}  // namespace

void MySqlConnection::Close::operator()(st_mysql* connection) const { mysql_close(connection); }
void MySqlConnection::Close::operator()(st_mysql_stmt* statement) const {
  mysql_stmt_close(statement);
}

MySqlConnection::MySqlConnection(const MySqlOptions& options)
    : place_("mysql://" + options.host + ":" + std::to_string(options.port) + "/" +
             options.database) {
  static std::once_flag once;
  std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
  connection_.reset(mysql_init(nullptr));
  if (connection_ == nullptr) throw Error(ErrorKind::kInternal, "no memory for a connection");
  set_options(connection_.get(), options);
  connect(options);
  command("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  command(
      "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', "
      "innodb_lock_wait_timeout = " +
      std::to_string(options.lock_timeout.count()));
}

void MySqlConnection::connect(const MySqlOptions& options) {
  // CLIENT_FOUND_ROWS: an UPDATE tells the rows that it met, as in other databases.
  if (mysql_real_connect(connection_.get(), options.host.c_str(), options.user.c_str(),
                         options.password.c_str(), options.database.c_str(), options.port, nullptr,
                         CLIENT_FOUND_ROWS) == nullptr) {
    fail(mysql_errno(connection_.get()), mysql_error(connection_.get()), "connect");
  }
  // The client goes on in the clear where the server has no TLS, unless it verifies.
  if (options.ssl_mode == SslMode::kRequired && !is_encrypted()) {
    is_broken_ = true;
    throw Error(ErrorKind::kPermissionDenied,
                "the journal " + place_ +
                    " offers no encryption; set up TLS on the server, or change "
                    "service.db_ssl_mode");
  }
}

bool MySqlConnection::is_encrypted() const {
  return mysql_get_ssl_cipher(connection_.get()) != nullptr;
}

std::vector<SqlSession::Row> MySqlConnection::query(const std::string& sql,
                                                    const std::vector<Value>& values) {
  MYSQL_STMT* statement = prepared(sql);
  execute(statement, sql, values);
  return rows_of(statement, sql);
}

std::int64_t MySqlConnection::run(const std::string& sql, const std::vector<Value>& values) {
  MYSQL_STMT* statement = prepared(sql);
  execute(statement, sql, values);
  return static_cast<std::int64_t>(mysql_stmt_affected_rows(statement));
}

Time MySqlConnection::now() {
  return time_of(query("SELECT UTC_TIMESTAMP(6)").at(0).at(0).value_or(""));
}

void MySqlConnection::command(const std::string& sql) {
  if (mysql_real_query(connection_.get(), sql.data(), sql.size()) != 0) {
    fail(mysql_errno(connection_.get()), mysql_error(connection_.get()),
         "'" + beginning(sql) + "'");
  }
}

MYSQL_STMT* MySqlConnection::prepared(const std::string& sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) {
    return found->second.get();
  }
  Statement statement(mysql_stmt_init(connection_.get()));
  if (statement == nullptr) throw Error(ErrorKind::kInternal, "no memory for a statement");
  if (mysql_stmt_prepare(statement.get(), sql.data(), sql.size()) != 0) {
    fail_statement(statement.get(), sql);
  }
  const my_bool yes = 1;
  mysql_stmt_attr_set(statement.get(), STMT_ATTR_UPDATE_MAX_LENGTH, &yes);
  return statements_.emplace(sql, std::move(statement)).first->second.get();
}

void MySqlConnection::execute(MYSQL_STMT* statement, const std::string& sql,
                              const std::vector<Value>& values) {
  std::vector<MYSQL_BIND> binds(values.size());  // zeros
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) {
      binds[i].buffer_type = MYSQL_TYPE_NULL;
      continue;
    }
    binds[i].buffer_type = MYSQL_TYPE_STRING;
    binds[i].buffer = const_cast<char*>(values[i]->data());  // is only read
    binds[i].buffer_length = values[i]->size();
  }
  if (!binds.empty() && mysql_stmt_bind_param(statement, binds.data()) != 0) {
    fail_statement(statement, sql);
  }
  if (mysql_stmt_execute(statement) != 0) fail_statement(statement, sql);
}

std::vector<SqlSession::Row> MySqlConnection::rows_of(MYSQL_STMT* statement,
                                                      const std::string& sql) {
  constexpr unsigned long kShortest = 64;  // of what is no text in the server
  std::vector<Row> rows;
  const std::unique_ptr<MYSQL_RES, FreeResult> columns(mysql_stmt_result_metadata(statement));
  if (columns == nullptr) return rows;
  if (mysql_stmt_store_result(statement) != 0) fail_statement(statement, sql);
  const unsigned count = mysql_num_fields(columns.get());
  // The lengths are known after store_result only.
  const std::unique_ptr<MYSQL_RES, FreeResult> stored(mysql_stmt_result_metadata(statement));
  const MYSQL_FIELD* fields = mysql_fetch_fields(stored.get());
  struct Cell {
    std::string buffer;
    unsigned long length = 0;
    my_bool is_null = 0;
  };
  std::vector<Cell> cells(count);
  std::vector<MYSQL_BIND> binds(count);
  for (unsigned i = 0; i < count; ++i) {
    cells[i].buffer.resize(std::max(fields[i].max_length + 1, kShortest));
    binds[i].buffer_type = MYSQL_TYPE_STRING;
    binds[i].buffer = cells[i].buffer.data();
    binds[i].buffer_length = cells[i].buffer.size();
    binds[i].length = &cells[i].length;
    binds[i].is_null = &cells[i].is_null;
  }
  if (mysql_stmt_bind_result(statement, binds.data()) != 0) fail_statement(statement, sql);
  int code = 0;
  while ((code = mysql_stmt_fetch(statement)) == 0) {
    Row& row = rows.emplace_back();
    for (const Cell& cell : cells) {
      row.push_back(cell.is_null != 0 ? Value() : Value(cell.buffer.substr(0, cell.length)));
    }
  }
  if (code == MYSQL_DATA_TRUNCATED) {
    throw Error(ErrorKind::kInternal, "a cell of the journal is longer than its column told");
  }
  if (code != MYSQL_NO_DATA) fail_statement(statement, sql);
  mysql_stmt_free_result(statement);
  return rows;
}

void MySqlConnection::fail(unsigned number, const std::string& reason, const std::string& tried) {
  const Failure failure = failure_of(number, reason);
  is_broken_ = is_broken_ || failure.ends_connection;
  throw Error(failure.kind, tried + " in the journal " + place_ + ": " + reason + " (" +
                                std::to_string(number) + "); " + failure.advice);
}

void MySqlConnection::fail_statement(MYSQL_STMT* statement, const std::string& sql) {
  const unsigned number = mysql_stmt_errno(statement);
  const std::string reason = mysql_stmt_error(statement);
  statements_.erase(sql);  // in whatever state it is
  fail(number, reason, "'" + beginning(sql) + "'");
}

}  // namespace finops::journal
