#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "finops/core/clock.h"
#include "finops/jobs/copy_order.h"
#include "finops/jobs/job_workers.h"
#include "finops/journal/job_journal.h"
#include "finops/warehouses/table_copy.h"

namespace finops::jobs {

/// What copying needs of the world.
struct CopyMeans {
  std::string own_project;
  /// For one job: reads as the order says.
  std::function<std::unique_ptr<TableCopier>(const CopyOrder&, std::stop_token)> copier;
  /// Of the order's transform_sql, which is not empty.
  std::function<std::shared_ptr<RowTransform>(const std::string& path, std::stop_token)> transform;
};

/// A job is made of a wish. Throws kNotFound for an organisation that is not configured or not
/// enabled, kInvalidConfig when its configuration lacks something, and as JobJournal::enqueue.
journal::Enqueued enqueue_copy(journal::JobJournal& journal, const CopyWish& wish,
                               const std::string& message_id, const std::string& own_project);

/// Copies what a job asks for, from the journal's watermark on.
JobGain copy_table(journal::JobJournal& journal, const CopyMeans& means, const journal::Job& job,
                   const JobRights& rights);

}  // namespace finops::jobs
