#include "finops/service/job_metrics.h"

#include <chrono>

namespace finops {
namespace {

constexpr const char* kEnded = "finops_jobs_ended_total";
constexpr const char* kDuration = "finops_job_duration_seconds";
constexpr const char* kRows = "finops_job_rows_total";
constexpr const char* kBytes = "finops_job_billed_bytes_total";
constexpr const char* kErrors = "finops_job_errors_total";

}  // namespace

void describe_job_metrics(Metrics& metrics, const std::function<JobCounts()>& counts) {
  for (const auto state :
       {journal::JobState::kQueued, journal::JobState::kRunning, journal::JobState::kSucceeded,
        journal::JobState::kFailed, journal::JobState::kCancelled}) {
    const std::string name(to_string(state));
    metrics.describe_gauge("finops_jobs_" + name, "Jobs of the journal that are " + name + ".",
                           [counts, state] {
                             const JobCounts known = counts();
                             const auto found = known.find(state);
                             return found == known.end() ? 0.0 : static_cast<double>(found->second);
                           });
  }
  metrics.describe_counter(kEnded, "Jobs that this process worked on, by how that ended.");
  metrics.describe_histogram(kDuration, "Time from a job's lease to its end.",
                             {0.1, 0.5, 1, 5, 15, 60, 180, 540, 1800, 7200});
  metrics.describe_counter(kRows, "Rows that were copied.");
  metrics.describe_counter(kBytes, "Bytes that queries of jobs were billed for.");
  metrics.describe_counter(kErrors, "Jobs that failed, by the kind of error.");
  metrics.add(kRows, {}, 0);
  metrics.add(kBytes, {}, 0);
}

void count_job(Metrics& metrics, const JobMetric& job) {
  metrics.add(kEnded, {{"state", job.state}});
  metrics.observe(kDuration, {{"state", job.state}},
                  std::chrono::duration<double>(job.duration).count());
  metrics.add(kRows, {}, job.rows);
  metrics.add(kBytes, {}, job.bytes_billed);
  if (!job.error.empty()) metrics.add(kErrors, {{"type", job.error}});
}

}  // namespace finops
