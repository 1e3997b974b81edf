#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "finops/core/clock.h"
#include "finops/jobs/copy_job.h"
#include "finops/jobs/job_workers.h"
#include "finops/journal/job_journal.h"
#include "finops/net/google/oidc.h"
#include "finops/notify/notifier.h"
#include "finops/service/authentication.h"
#include "finops/service/http_server.h"
#include "finops/service/json_log.h"

namespace finops {

struct JobServiceOptions {
  HttpServerOptions http;  // its callbacks are set by the service
  jobs::WorkerOptions workers;
  std::vector<ApiToken> tokens;  // of /v1/jobs, and of / where there is no verifier
  bool allow_anonymous = false;  // beyond this machine
  std::int64_t most_queued = 10'000;
  Duration grace = std::chrono::seconds(5);  // for answers, when it stops
};

/// What the service works with; all of it outlives the service.
struct JobServiceMeans {
  journal::JobJournal& journal;
  Clock& clock;
  JsonLog& log;
  jobs::CopyMeans copy;
  OidcVerifier* push_verifier = nullptr;  // of pushed messages; null: API tokens
  Notifier* notifier = nullptr;           // null: nobody is told of failures
  std::string host;                       // for messages
};

/// The job service: messages and requests become jobs of the journal, workers do them, and who
/// waits is answered.
class JobService {
 public:
  /// kInvalidConfig when it would let in anybody from beyond this machine.
  JobService(JobServiceOptions options, JobServiceMeans means);
  ~JobService();
  JobService(const JobService&) = delete;
  JobService& operator=(const JobService&) = delete;

  /// Throws as HttpServer::start, and as JobJournal for a journal that is not there.
  void start();
  std::uint16_t port() const;
  /// Takes nothing new; what waits is answered 503, jobs that run are given back.
  void stop();

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace finops
