#pragma once

#include <functional>
#include <map>
#include <string>

#include "finops/core/clock.h"
#include "finops/journal/job.h"
#include "finops/service/metrics.h"

namespace finops {

/// Jobs by state, as a service knew them lately.
using JobCounts = std::map<journal::JobState, std::int64_t>;

/// Describes finops_jobs_{queued,running,succeeded,failed,cancelled} of the whole journal (the
/// first one is the depth of the queue), and of this process finops_jobs_ended_total{state},
/// finops_job_duration_seconds, finops_job_rows_total, finops_job_billed_bytes_total and
/// finops_job_errors_total{type}. `counts` does not wait.
void describe_job_metrics(Metrics& metrics, const std::function<JobCounts()>& counts);

/// How the work on one job ended.
struct JobMetric {
  std::string state;  // "succeeded", "failed", "cancelled", "released", "lost"
  std::string error;  // kind; of "failed"
  Duration duration{0};
  std::uint64_t rows = 0, bytes_billed = 0;
};
void count_job(Metrics& metrics, const JobMetric& job);

}  // namespace finops
