#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/clock.h"
#include "finops/core/error.h"
#include "finops/lake/catalog.h"
#include "finops/lake/table_files.h"

namespace finops::lake {

/// A table as it was at one moment: its metadata and where that is stored.
struct TableVersion {
  std::string location;
  std::shared_ptr<const TableMetadata> metadata;
};

/// The files of one attempt to commit, under names that nobody else can have.
class CommitAttempt {
 public:
  explicit CommitAttempt(TableFiles& files);

  /// Writes `<table>/metadata/<name>`; returns its URI.
  std::string write(const TableMetadata& table, const std::string& name, std::string_view bytes);
  std::string write(const TableMetadata& table, const std::string& name,
                    std::shared_ptr<const TableMetadata> metadata);
  /// A fresh name for each call: "<uuid of the attempt>-m<n>".
  std::string next_name();
  const std::string& id() const { return id_; }
  /// Only when the attempt is known to have failed.
  void discard();

 private:
  TableFiles& files_;
  const std::string id_;
  int names_ = 0;
  std::vector<std::string> written_;
};

/// Makes `next`, a copy of the table's current metadata, what it is to be, writing manifests
/// through the attempt; `timestamp` is the commit's. Called again on fresh metadata when another
/// writer was faster; throws kConflict when the change no longer applies. False: nothing to do.
using TableChange =
    std::function<bool(TableMetadata& next, CommitAttempt& attempt, std::int64_t timestamp)>;

struct CommitResult {
  bool changed = false;
  int attempts = 0;
  std::int64_t committed_ms = 0;
  std::map<TableName, TableVersion> versions;
};

/// Commits changes of tables by compare-and-swap in the catalog: of several tables all or none,
/// with one timestamp. What an attempt wrote is removed when it surely failed, and never else.
class Committer {
 public:
  Committer(TableFiles& files, Catalog& catalog, Clock& clock)
      : files_(files), catalog_(catalog), clock_(clock) {}

  /// Nothing when the catalog has no such table.
  std::optional<TableVersion> find(const TableName& table);
  TableVersion load(const TableName& table);  // kNotFound

  /// False when the table exists already.
  bool create(const TableName& table, const TableMetadata& metadata);
  /// Throws what a change throws, kUnavailable when the tables are too busy, kUnknownOutcome.
  CommitResult commit(const std::map<TableName, TableChange>& changes);

  std::int64_t now_ms() const;

 private:
  struct Attempted;
  /// Loads, changes and writes everything but the swap.
  Attempted prepare(const std::map<TableName, TableChange>& changes, CommitAttempt& attempt);
  /// Swaps, and finds out what happened when the catalog does not say.
  Catalog::Outcome swap(const std::vector<Catalog::Swap>& swaps, CommitAttempt& attempt);
  Catalog::Outcome after_refusal(const Error& refusal, const std::vector<Catalog::Swap>& swaps,
                                 CommitAttempt& attempt);
  Catalog::Outcome settle(const std::vector<Catalog::Swap>& swaps);
  Catalog::Outcome look(const std::vector<Catalog::Swap>& swaps);
  void pause_before(int attempt);

  TableFiles& files_;
  Catalog& catalog_;
  Clock& clock_;
  std::mutex mutex_;  // threads of one process take turns, which is cheaper than a lost race
};

}  // namespace finops::lake
