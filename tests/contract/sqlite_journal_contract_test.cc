#include "finops/journal/sqlite/sqlite_journal.h"
#include "finops/sqlite/sqlite_connection.h"
#include "tests/contract/job_journal_contract.h"
#include "tests/support/temp_folder.h"

namespace finops::journal {
namespace {

class SqliteFolder : public JournalPlace {
 public:
  std::unique_ptr<JobJournal> open() override { return make_sqlite_journal(path_, system_clock()); }
  std::vector<Row> query(const std::string& sql) override {
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path());
    return SqliteConnection({path_, "the journal", "service.journal", true}).query(sql);
  }

 private:
  TempFolder folder_;
  const std::string path_ = folder_ / "not yet/journal.db";
};

JournalCase sqlite() {
  return {"Sqlite",
          [] { return std::make_shared<SqliteFolder>(); },
          {"CREATE TABLE etl_jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, organization_id "
           "VARCHAR(255), job_id VARCHAR(255), status VARCHAR(11), created_at TIMESTAMP DEFAULT "
           "CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, error_message TEXT)",
           "CREATE TABLE client_billing_config (id INTEGER PRIMARY KEY AUTOINCREMENT, "
           "organization_id VARCHAR(255), source_dataset VARCHAR(255), destination_dataset "
           "VARCHAR(255), destination_table VARCHAR(255), last_successful_run TIMESTAMP, "
           "created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"}};
}

INSTANTIATE_TEST_SUITE_P(Sqlite, JobJournalContract, ::testing::Values(sqlite()),
                         [](const auto& test) { return test.param.name; });
INSTANTIATE_TEST_SUITE_P(Sqlite, MigratedJournalContract, ::testing::Values(sqlite()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace finops::journal
