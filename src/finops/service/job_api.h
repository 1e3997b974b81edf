#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "finops/journal/job_journal.h"
#include "finops/service/job_waiters.h"
#include "finops/service/push_message.h"
#include "finops/service/router.h"

namespace finops {

/// What the API of jobs needs.
struct JobApi {
  journal::JobJournal& journal;
  JobWaiters& waiters;
  /// Makes a job of a message, or finds the one that it has (JobJournal::enqueue). Throws
  /// kNotFound for an unknown organisation, kInvalidConfig for one whose configuration lacks
  /// something, kInvalidData for what the journal cannot hold.
  std::function<journal::Enqueued(const JobMessage& message, const std::string& message_id)>
      enqueue;
  std::function<void()> on_enqueued;  // somebody may look for work
  /// Jobs that wait for a worker, as known lately; at `most_queued` no more are taken.
  std::function<std::int64_t()> queued;
  std::int64_t most_queued = 10'000;
  Guard push, write, read;  // of POST /, of what changes jobs, of what shows them
};

/// POST / (Pub/Sub's push messages, answered when the job has ended), POST /v1/jobs (202), GET
/// /v1/jobs and /v1/jobs/{id}, POST /v1/jobs/{id}/cancel, GET /openapi.json. `api` outlives the
/// router.
void add_job_routes(Router& router, const JobApi& api);

/// The API as an OpenAPI 3.1 document.
const std::string& openapi_document();

}  // namespace finops
