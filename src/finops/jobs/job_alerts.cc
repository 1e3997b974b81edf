#include "finops/jobs/job_alerts.h"

#include <utility>

#include "finops/core/error.h"

namespace finops::jobs {

JobAlerts::JobAlerts(journal::JobJournal& journal, Notifier& notifier, Clock& clock,
                     std::string host, std::function<void(std::string_view)> on_trouble)
    : journal_(journal),
      notifier_(notifier),
      clock_(clock),
      host_(std::move(host)),
      on_trouble_(std::move(on_trouble)) {}

void JobAlerts::tell(const EndedJob& ended, std::stop_token stop) {
  const bool has_failed = ended.how == EndedJob::How::kFailed;
  if (!has_failed && ended.how != EndedJob::How::kSucceeded) return;
  const auto& [organization, table] =
      std::pair(ended.job.organization_id, ended.job.destination_table);
  try {
    if (!journal_.set_failure_told(organization, table, has_failed)) return;
    try {
      notifier_.send(notification_of(ended), std::move(stop));
    } catch (const Error&) {
      journal_.set_failure_told(organization, table, !has_failed);
      throw;
    }
  } catch (const Error& error) {
    on_trouble_(std::string("nobody was told that the job ") + ended.job.id +
                (has_failed ? " failed: " : " succeeded again: ") + error.what());
  }
}

TimePoint JobAlerts::failing_since(const journal::Job& job) const {
  TimePoint since = clock_.now();
  for (const journal::Job& one :
       journal_.jobs({.organization_id = job.organization_id, .before = job.number})) {
    if (one.destination_table != job.destination_table || !is_ended(one.state)) continue;
    if (one.state == journal::JobState::kSucceeded) break;
    if (one.finished_at) since = std::chrono::floor<Duration>(*one.finished_at);
  }
  return since;
}

Notification JobAlerts::notification_of(const EndedJob& ended) const {
  const bool has_failed = ended.how == EndedJob::How::kFailed;
  const Problem problem{
      .source = ended.job.organization_id,
      .billing_period = "",
      .kind = has_failed ? std::string(to_string(ended.error)) : "failed",
      .message = has_failed ? "the copy to " + ended.job.destination_table + " (job " +
                                  ended.job.id + "): " + ended.message
                            : "the copy to " + ended.job.destination_table,
      .since = has_failed ? clock_.now() : failing_since(ended.job),
  };
  Notification notification{
      .event = has_failed ? Notification::Event::kNewProblems : Notification::Event::kRecovered,
      .time = clock_.now(),
      .host = host_};
  (has_failed ? notification.fresh : notification.solved).push_back(problem);
  return notification;
}

}  // namespace finops::jobs
