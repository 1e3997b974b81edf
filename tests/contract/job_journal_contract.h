#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "finops/journal/job_journal.h"
#include "tests/support/thrown.h"

namespace finops::journal {

/// Where a journal lies: every open() is what another process would have.
class JournalPlace {
 public:
  using Row = std::vector<std::optional<std::string>>;

  virtual ~JournalPlace() = default;
  virtual std::unique_ptr<JobJournal> open() = 0;
  /// As any program could: not through the journal.
  virtual std::vector<Row> query(const std::string& sql) = 0;
};

/// One implementation under test. `make` returns a place without a journal, or nullptr when the
/// server that it needs is not there.
struct JournalCase {
  std::string name;
  std::function<std::shared_ptr<JournalPlace>()> make;
  /// What makes the tables that the reference service documents.
  std::vector<std::string> reference_tables;

  friend void PrintTo(const JournalCase& journal, std::ostream* out) { *out << journal.name; }
};

/// What every JobJournal does.
class JobJournalContract : public ::testing::TestWithParam<JournalCase> {
 protected:
  void SetUp() override;
  void make_reference_tables();

  std::unique_ptr<JobJournal> opened() { return place_->open(); }
  /// The first cell of what a query gives.
  std::string cell(const std::string& sql) {
    return place_->query(sql).at(0).at(0).value_or("NULL");
  }
  Enqueued enqueue(const std::string& message, const std::string& organization = "org",
                   const std::string& table = "p.d.t");
  TakenJob take(Duration lease = std::chrono::minutes(1));
  /// A job that was taken with a lease that ran out.
  TakenJob take_and_let_expire();

  std::shared_ptr<JournalPlace> place_;
  std::unique_ptr<JobJournal> journal_;  // not migrated
};

/// The same with the tables there.
class MigratedJournalContract : public JobJournalContract {
 protected:
  void SetUp() override;
};

}  // namespace finops::journal
