#include "finops/journal/mysql/mysql_database.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/unique_ids.h"
#include "finops/journal/mysql/mysql_pool.h"

namespace finops::journal {
namespace {

constexpr const char* kCreateCommits =
    "CREATE TABLE IF NOT EXISTS finops_journal_commits (token CHAR(36) CHARACTER SET ascii COLLATE "
    "ascii_bin NOT NULL PRIMARY KEY, committed_at DATETIME(6) NOT NULL, KEY (committed_at)) "
    "ENGINE=InnoDB";
/// Far longer than any attempt waits for its predecessor.
constexpr const char* kForgetOldCommits =
    "DELETE FROM finops_journal_commits WHERE committed_at < UTC_TIMESTAMP(6) - INTERVAL 1 DAY "
    "LIMIT 1000";
constexpr unsigned kWritesPerForgetting = 256;

constexpr Duration kFirstWait = std::chrono::milliseconds(20),
                   kLongestWait = std::chrono::seconds(2);

const SqlDialect& mysql_dialect() {
  static const std::string exact = " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
  static const std::string now = " DEFAULT CURRENT_TIMESTAMP(6)";
  static const std::string name = "VARCHAR(255)" + exact, stamp = "TIMESTAMP(6) NULL";
  static const std::string changes = now + " ON UPDATE CURRENT_TIMESTAMP(6)";
  static const std::string of_table = " WHERE table_schema = DATABASE() AND table_name = ?";
  static const SqlDialect dialect = {
      .row_number = "INT AUTO_INCREMENT PRIMARY KEY",
      .number = "BIGINT",
      .text = "TEXT" + exact,
      .name = name,
      .long_name = "VARCHAR(400)" + exact,
      .time = "DATETIME(6)",
      .stamp = stamp,
      .now = now,
      .changes = changes,
      .status = "ENUM('IN_PROGRESS', 'SUCCESS', 'FAILED')",
      .table_end = " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
      .for_update = " FOR UPDATE",
      .columns_of = "SELECT column_name FROM information_schema.columns" + of_table,
      .keys_of = "SELECT DISTINCT index_name FROM information_schema.statistics" + of_table,
      .adoption = {
          "ALTER TABLE etl_jobs ENGINE=InnoDB, MODIFY organization_id " + name +
              ", MODIFY job_id " + name + ", MODIFY created_at " + stamp + now +
              ", MODIFY updated_at " + stamp + changes + ", MODIFY error_message TEXT" + exact,
          "ALTER TABLE client_billing_config ENGINE=InnoDB, MODIFY organization_id " + name +
              ", MODIFY source_dataset " + name + ", MODIFY destination_dataset " + name +
              ", MODIFY destination_table " + name + ", MODIFY last_successful_run " + stamp +
              ", MODIFY created_at " + stamp + now}};
  return dialect;
}

class MySqlDatabase : public JournalDatabase {
 public:
  MySqlDatabase(MySqlOptions options, Clock& clock) : pool_(std::move(options)), clock_(clock) {}

  const SqlDialect& dialect() const override { return mysql_dialect(); }

  void read(const Work& work) override {
    repeat([&] {
      MySqlPool::Borrowed connection(pool_);
      guard(*connection, [&] { work(*connection); });
      connection.is_clean();
    });
  }

  void write(const Work& work) override {
    const std::string token = random_uuid();
    bool may_be_committed = false;
    repeat([&] {
      MySqlPool::Borrowed connection(pool_);
      guard(*connection, [&] { transact(*connection, work, token, may_be_committed); });
      connection.is_clean();
    });
  }

  void migrate(const Work& work) override {
    repeat([&] {
      // The lock goes with the connection, which is not kept.
      MySqlPool::Borrowed connection(pool_);
      guard(*connection, [&] {
        if (connection->query("SELECT GET_LOCK(CONCAT('finops_journal_', MD5(DATABASE())), 60)")
                .at(0)
                .at(0) != "1") {
          throw Error(ErrorKind::kLocked,
                      "another program migrates the journal for more than a minute; try again");
        }
        connection->run(kCreateCommits);
        work(*connection);
        connection->query("SELECT RELEASE_LOCK(CONCAT('finops_journal_', MD5(DATABASE())))");
      });
    });
  }

 private:
  /// Idle connections are dropped with one that broke, and no more are tried in vain.
  void guard(MySqlConnection& connection, const std::function<void()>& call) {
    try {
      call();
    } catch (const Error&) {
      if (connection.is_broken()) pool_.drop_idle();
      throw;
    }
  }

  void transact(MySqlConnection& connection, const Work& work, const std::string& token,
                bool& may_be_committed) {
    connection.command("START TRANSACTION");
    if (!mark(connection, token)) {
      if (!may_be_committed) throw Error(ErrorKind::kInternal, "two commits have one token");
      connection.command("ROLLBACK");
      return;
    }
    work(connection);
    if (++writes_ % kWritesPerForgetting == 0) connection.run(kForgetOldCommits);
    may_be_committed = true;
    connection.command("COMMIT");
  }

  /// False when a try before was committed.
  static bool mark(MySqlConnection& connection, const std::string& token) {
    try {
      connection.run(
          "INSERT INTO finops_journal_commits (token, committed_at) VALUES (?, UTC_TIMESTAMP(6))",
          {token});
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kAlreadyExists) throw;
      return false;
    }
  }

  static bool may_pass(ErrorKind kind) {
    return kind == ErrorKind::kUnavailable || kind == ErrorKind::kConflict ||
           kind == ErrorKind::kAlreadyExists;
  }

  void repeat(const std::function<void()>& call) {
    Duration most = kFirstWait;
    for (int attempt = 1;; ++attempt) {
      try {
        call();
        return;
      } catch (const Error& error) {
        if (!may_pass(error.kind())) throw;
        if (attempt >= pool_.options().attempts) {
          throw Error(ErrorKind::kUnavailable, error.what())
              .within(std::to_string(attempt) + " attempts");
        }
      }
      // At random, so that those that met each other do not again.
      const auto wait = Duration(
          1 + static_cast<Duration::rep>(random_bits() % static_cast<std::uint64_t>(most.count())));
      if (!clock_.sleep_for(wait, pool_.options().stop)) {
        throw Error(ErrorKind::kCancelled, "stopped while waiting for the journal");
      }
      most = std::min(most * 2, kLongestWait);
    }
  }

  MySqlPool pool_;
  Clock& clock_;
  std::atomic<unsigned> writes_ = 0;
};

}  // namespace

std::unique_ptr<JournalDatabase> make_mysql_database(MySqlOptions options, Clock& clock) {
  return std::make_unique<MySqlDatabase>(std::move(options), clock);
}

}  // namespace finops::journal
