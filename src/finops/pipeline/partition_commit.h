#pragma once

#include <string>
#include <vector>

#include "finops/lake/lake.h"
#include "finops/ledger/ledger.h"
#include "finops/stores/object_store.h"

namespace finops {

/// Files that a change of a partition has begun to write. Unless keep() is called they are removed
/// again, so that a change that failed for sure leaves nothing behind; after an unknown outcome
/// they must stay.
class PendingFiles {
 public:
  explicit PendingFiles(ObjectStore& store) : store_(store) {}
  PendingFiles(const PendingFiles&) = delete;
  PendingFiles& operator=(const PendingFiles&) = delete;
  ~PendingFiles();

  void add(std::string key) { keys_.push_back(std::move(key)); }
  void keep() { keys_.clear(); }
  void remove_now();

 private:
  ObjectStore& store_;
  std::vector<std::string> keys_;
};

/// Commits the changes. All of `pending` stays when the commit happened, or may have
/// (kUnknownOutcome).
lake::CommitReport commit_pending(lake::Lake& lake,
                                  const std::vector<lake::PartitionChange>& changes,
                                  PendingFiles& pending);

/// Commits the changes of one partition together with its ledger (Ledger::replace); as
/// commit_pending().
void commit_with_ledger(lake::Lake& lake, std::vector<lake::PartitionChange> changes,
                        const LedgerPartition& ledger, PendingFiles& pending);

}  // namespace finops
