#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "finops/core/clock.h"
#include "finops/jobs/job_workers.h"
#include "finops/journal/job_journal.h"
#include "finops/notify/notifier.h"

namespace finops::jobs {

/// Tells people once when the jobs of an organisation's table begin to fail, and once when one
/// succeeds again, whichever worker on whichever machine it was: the journal knows what was told.
/// A message that cannot be delivered fails no job; the next one that ends tries again.
class JobAlerts {
 public:
  JobAlerts(journal::JobJournal& journal, Notifier& notifier, Clock& clock, std::string host,
            std::function<void(std::string_view)> on_trouble);

  /// One thread at a time.
  void tell(const EndedJob& ended, std::stop_token stop);

 private:
  /// As far as the last jobs tell.
  TimePoint failing_since(const journal::Job& job) const;
  Notification notification_of(const EndedJob& ended) const;

  journal::JobJournal& journal_;
  Notifier& notifier_;
  Clock& clock_;
  const std::string host_;
  const std::function<void(std::string_view)> on_trouble_;
};

}  // namespace finops::jobs
