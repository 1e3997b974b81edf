#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "finops/journal/mysql/mysql_connection.h"
#include "finops/journal/mysql/mysql_database.h"
#include "finops/journal/mysql/mysql_journal.h"
#include "finops/journal/mysql/mysql_pool.h"
#include "tests/contract/job_journal_contract.h"
#include "tests/support/answer_thief.h"

namespace finops::journal {
namespace {

using namespace std::chrono_literals;

/// "<host> <port> <user> <password> <certificate of its authority>" of a running server, by
/// tests/support/servers.py.
std::optional<MySqlOptions> server() {
  const char* text = std::getenv("FINOPS_TEST_MARIADB");
  if (text == nullptr) return std::nullopt;
  MySqlOptions options;
  std::istringstream(text) >> options.host >> options.port >> options.user >> options.password >>
      options.ssl_ca;
  return options;
}

/// A database of its own.
class MySqlPlace : public JournalPlace {
 public:
  explicit MySqlPlace(MySqlOptions options) : options_(std::move(options)) {
    static std::atomic<int> places = 0;
    options_.database = "contract_" + std::to_string(getpid()) + "_" + std::to_string(++places);
    admin().command("CREATE DATABASE " + options_.database + " DEFAULT CHARSET latin1");
  }
  ~MySqlPlace() override { admin().command("DROP DATABASE " + options_.database); }

  std::unique_ptr<JobJournal> open() override {
    return make_mysql_journal(options_, system_clock());
  }
  std::vector<Row> query(const std::string& sql) override {
    return MySqlConnection(options_).query(sql);
  }
  /// Ends all connections to this database, as a proxy or an administrator would.
  int kill_connections() {
    MySqlConnection killer = admin();
    int killed = 0;
    for (const auto& row : killer.query(
             "SELECT id FROM information_schema.processlist WHERE db = ?", {options_.database})) {
      try {
        killer.command("KILL CONNECTION " + row[0].value());
        ++killed;
      } catch (const Error&) {  // NOLINT(bugprone-empty-catch): it ended by itself
      }
    }
    return killed;
  }
  const MySqlOptions& options() const { return options_; }

 private:
  MySqlConnection admin() const {
    MySqlOptions options = options_;
    options.database = "mysql";
    return MySqlConnection(options);
  }

  MySqlOptions options_;
};

JournalCase mariadb() {
  return {
      "Mariadb",
      []() -> std::shared_ptr<JournalPlace> {
        const auto options = server();
        return options ? std::make_shared<MySqlPlace>(*options) : nullptr;
      },
      {"CREATE TABLE etl_jobs (id INT AUTO_INCREMENT PRIMARY KEY, organization_id VARCHAR(255), "
       "job_id VARCHAR(255), status ENUM('IN_PROGRESS', 'SUCCESS', 'FAILED'), created_at "
       "TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON "
       "UPDATE CURRENT_TIMESTAMP, error_message TEXT)",
       "CREATE TABLE client_billing_config (id INT AUTO_INCREMENT PRIMARY KEY, organization_id "
       "VARCHAR(255), source_dataset VARCHAR(255), destination_dataset VARCHAR(255), "
       "destination_table VARCHAR(255), last_successful_run TIMESTAMP, created_at TIMESTAMP "
       "DEFAULT CURRENT_TIMESTAMP)"}};
}

INSTANTIATE_TEST_SUITE_P(Mysql, JobJournalContract, ::testing::Values(mariadb()),
                         [](const auto& test) { return test.param.name; });
INSTANTIATE_TEST_SUITE_P(Mysql, MigratedJournalContract, ::testing::Values(mariadb()),
                         [](const auto& test) { return test.param.name; });

/// A packet of seven bytes, the first of its exchange: a query.
const std::string kCommit(
    "\x07\0\0\0\x03"
    "COMMIT",
    11);

/// What a database over a network does beside the contract.
class MySqlDatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto options = server();
    if (!options) GTEST_SKIP() << "needs Mariadb";
    place_ = std::make_unique<MySqlPlace>(*options);
    MySqlConnection connection(place_->options());
    connection.run(
        "CREATE TABLE finops_journal_commits (token CHAR(36) NOT NULL PRIMARY KEY, committed_at "
        "DATETIME(6) NOT NULL)");
    connection.run("CREATE TABLE t (n INT NOT NULL PRIMARY KEY)");
    connection.run("INSERT INTO t VALUES (0)");
  }

  std::unique_ptr<JournalDatabase> database(const MySqlOptions& options) {
    return make_mysql_database(options, system_clock());
  }
  std::string counted() { return place_->query("SELECT MAX(n) FROM t").at(0).at(0).value(); }
  static void count_on(SqlSession& session) { session.run("UPDATE t SET n = n + 1"); }

  /// The options of a server behind `thief`.
  MySqlOptions behind(const AnswerThief& thief) const {
    MySqlOptions options = place_->options();
    options.port = thief.port();
    options.ssl_mode = SslMode::kDisabled;  // it has to see what passes
    return options;
  }

  std::unique_ptr<MySqlPlace> place_;
};

TEST_F(MySqlDatabaseTest, AConnectionThatIsKilledInTheMiddleIsRepeatedWhole) {
  const auto database = this->database(place_->options());
  int calls = 0;
  database->write([&](SqlSession& session) {
    count_on(session);
    if (++calls < 3) place_->kill_connections();
    session.query("SELECT n FROM t");
  });
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(counted(), "1");
  database->read([](SqlSession& session) { session.query("SELECT 1"); });
  place_->kill_connections();  // now while it is idle
  database->write([&](SqlSession& session) { count_on(session); });
  EXPECT_EQ(counted(), "2");
}

TEST_F(MySqlDatabaseTest, ACommitWhoseAnswerIsLostHappensOnce) {
  AnswerThief thief(place_->options().port, kCommit, AnswerThief::Takes::kAnswer);
  int calls = 0;
  database(behind(thief))->write([&](SqlSession& session) {
    ++calls;
    count_on(session);
  });
  EXPECT_EQ(thief.taken(), 1);
  EXPECT_EQ(counted(), "1");
  EXPECT_EQ(calls, 1) << "it was committed, and is not made again";
}

TEST_F(MySqlDatabaseTest, ACommitThatNeverArrivesIsMadeAgain) {
  AnswerThief thief(place_->options().port, kCommit, AnswerThief::Takes::kRequest);
  int calls = 0;
  database(behind(thief))->write([&](SqlSession& session) {
    ++calls;
    count_on(session);
  });
  EXPECT_EQ(thief.taken(), 1);
  EXPECT_EQ(counted(), "1");
  EXPECT_EQ(calls, 2);
}

TEST_F(MySqlDatabaseTest, DeadlocksAreRepeated) {
  MySqlConnection(place_->options()).run("INSERT INTO t VALUES (100)");
  const auto database = this->database(place_->options());
  std::atomic<int> calls = 0, first_locks = 0;
  const auto lock_both = [&](const char* first, const char* second) {
    database->write([&](SqlSession& session) {
      ++calls;
      session.run("UPDATE t SET n = n WHERE n = ?", {first});
      if (++first_locks <= 2) {
        while (first_locks < 2) std::this_thread::sleep_for(1ms);
      }
      session.run("UPDATE t SET n = n WHERE n = ?", {second});
    });
  };
  {
    std::jthread one([&] { lock_both("0", "100"); });
    std::jthread other([&] { lock_both("100", "0"); });
  }
  EXPECT_GE(calls, 3);
}

TEST_F(MySqlDatabaseTest, WaitsForALockAndTriesAgain) {
  MySqlOptions options = place_->options();
  options.lock_timeout = 1s;
  MySqlConnection holder(options);
  holder.command("START TRANSACTION");
  holder.run("UPDATE t SET n = 0");
  std::jthread lets_go([&] {
    std::this_thread::sleep_for(1500ms);
    holder.command("COMMIT");
  });
  int calls = 0;
  database(options)->write([&](SqlSession& session) {
    ++calls;
    count_on(session);
  });
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(counted(), "1");
}

TEST_F(MySqlDatabaseTest, MoreThreadsThanConnectionsTakeTurns) {
  MySqlOptions options = place_->options();
  options.most_connections = 2;
  const auto database = this->database(options);
  std::atomic<int> at_once = 0, most = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        database->read([&](SqlSession& session) {
          const int now = ++at_once;
          int seen = most;
          while (seen < now && !most.compare_exchange_weak(seen, now)) {
          }
          session.query("SELECT SLEEP(0.02)");
          --at_once;
        });
      });
    }
  }
  EXPECT_EQ(most, 2);
}

TEST_F(MySqlDatabaseTest, AServerThatIsNotThereIsUnavailable) {
  MySqlOptions options = place_->options();
  options.port = 1;
  options.attempts = 2;
  const auto error = error_thrown_by(
      [&] { database(options)->read([](SqlSession& session) { session.query("SELECT 1"); }); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(error.what(), ::testing::HasSubstr("127.0.0.1:1/"));
}

TEST_F(MySqlDatabaseTest, AWrongPasswordIsRefusedAtOnceAndNotTold) {
  MySqlOptions options = place_->options();
  options.password = "wrong-one";
  const auto error = error_thrown_by(
      [&] { database(options)->read([](SqlSession& session) { session.query("SELECT 1"); }); });
  EXPECT_EQ(error.kind(), ErrorKind::kPermissionDenied);
  EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("wrong-one")));
  options = place_->options();
  options.database = "no_such_database";
  EXPECT_EQ(kind_thrown_by([&] { MySqlConnection connection(options); }),
            ErrorKind::kInvalidConfig);
}

TEST_F(MySqlDatabaseTest, EncryptsAsItIsTold) {
  MySqlOptions options = place_->options();
  const auto is_encrypted = [&](SslMode mode) {
    options.ssl_mode = mode;
    return MySqlConnection(options).is_encrypted();
  };
  EXPECT_FALSE(is_encrypted(SslMode::kDisabled));
  EXPECT_TRUE(is_encrypted(SslMode::kVerifyIdentity));
  options.host = "localhost";
  EXPECT_TRUE(is_encrypted(SslMode::kVerifyIdentity));
  options.ssl_ca.clear();
  EXPECT_TRUE(is_encrypted(SslMode::kPreferred));
  EXPECT_TRUE(is_encrypted(SslMode::kRequired));
  const auto error = error_thrown_by([&] { is_encrypted(SslMode::kVerifyIdentity); });
  EXPECT_EQ(error.kind(), ErrorKind::kPermissionDenied) << error.what();
  options.host = "127.0.0.2";  // the same server under a name that its certificate lacks
  options.ssl_ca = place_->options().ssl_ca;
  EXPECT_EQ(kind_thrown_by([&] { is_encrypted(SslMode::kVerifyIdentity); }),
            ErrorKind::kPermissionDenied);
}

TEST_F(MySqlDatabaseTest, KeepsTextsAndTimesAsTheyAre) {
  MySqlConnection connection(place_->options());
  connection.run(
      "CREATE TABLE kept (a VARCHAR(20) CHARACTER SET utf8mb4, b TEXT CHARACTER SET utf8mb4, c "
      "DATETIME(6), d BIGINT)");
  const std::string longest(60'000, 'x');
  connection.run("INSERT INTO kept VALUES (?, ?, ?, ?)",
                 {"'\"\\ \xF0\x9F\x92\xB6", longest, "2026-01-02 03:04:05.000006", "-9"});
  connection.run("INSERT INTO kept VALUES (?, ?, ?, ?)", {"", std::nullopt, std::nullopt, "0"});
  using Rows = std::vector<SqlSession::Row>;
  EXPECT_EQ(connection.query("SELECT * FROM kept ORDER BY d"),
            (Rows{{"'\"\\ \xF0\x9F\x92\xB6", longest, "2026-01-02 03:04:05.000006", "-9"},
                  {"", std::nullopt, std::nullopt, "0"}}));
  EXPECT_EQ(kind_thrown_by(
                [&] { connection.run("INSERT INTO kept (a) VALUES (?)", {std::string(21, 'x')}); }),
            ErrorKind::kInvalidData)
      << "nothing is cut off silently";
}

TEST_F(MySqlDatabaseTest, WorkGoesOnWhileConnectionsAreKilled) {
  const auto place = std::make_unique<MySqlPlace>(server().value());
  auto options = place->options();
  options.attempts = 40;
  make_mysql_journal(options, system_clock())->migrate();
  constexpr int kMessages = 30;
  std::atomic<int> done = 0, killed = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const auto journal = make_mysql_journal(options, system_clock());
        for (int m = 0; m < kMessages; ++m) {
          const std::string name = std::to_string(m);
          journal->enqueue({"m" + name, "org", "t" + std::to_string(m % 5)});
        }
        while (done < kMessages) {
          const auto taken = journal->take("w", 60s);
          if (taken && journal->finish(taken->lease, {})) ++done;
        }
      });
    }
    threads.emplace_back([&] {
      while (done < kMessages) {
        killed += place->kill_connections();
        std::this_thread::sleep_for(50ms);
      }
    });
  }
  EXPECT_GT(killed, 3);
  const auto journal = place->open();
  EXPECT_EQ(journal->counts()[JobState::kSucceeded], kMessages);
  for (const auto& job : journal->jobs({})) EXPECT_EQ(job.attempts, 1) << job.message_id;
}

}  // namespace
}  // namespace finops::journal
