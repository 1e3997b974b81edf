#include "finops/pipeline/partition_commit.h"

#include <utility>

#include "finops/core/error.h"

namespace finops {

PendingFiles::~PendingFiles() { remove_now(); }

void PendingFiles::remove_now() {
  for (const auto& key : keys_) {
    try {
      store_.remove(key);
    } catch (const Error&) {
      // An orphan costs space, not correctness; the error that brought us here is the one to tell.
    }
  }
  keys_.clear();
}

lake::CommitReport commit_pending(lake::Lake& lake,
                                  const std::vector<lake::PartitionChange>& changes,
                                  PendingFiles& pending) {
  try {
    lake::CommitReport report = lake.commit(changes);
    pending.keep();
    return report;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kUnknownOutcome) pending.keep();
    throw;
  }
}

void commit_with_ledger(lake::Lake& lake, std::vector<lake::PartitionChange> changes,
                        const LedgerPartition& ledger, PendingFiles& pending) {
  changes.push_back(Ledger(lake).replace(ledger));
  for (const auto& file : changes.back().add) pending.add(file.key);
  commit_pending(lake, changes, pending);
}

}  // namespace finops
