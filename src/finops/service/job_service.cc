#include "finops/service/job_service.h"

#include <mutex>
#include <thread>
#include <utility>

#include "finops/core/error.h"
#include "finops/jobs/job_alerts.h"
#include "finops/net/url.h"
#include "finops/service/job_api.h"
#include "finops/service/job_document.h"
#include "finops/service/job_metrics.h"
#include "finops/service/operations.h"
#include "finops/service/router.h"

namespace finops {
namespace {

using jobs::EndedJob;

constexpr Duration kCountsPause = std::chrono::seconds(5);

/// "127.0.0.1:8080", "[::1]:8080".
bool is_of_this_machine(const std::string& listen) {
  std::string host = listen.substr(0, listen.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return is_loopback(host);
}

const char* state_of(EndedJob::How how) {
  switch (how) {
    case EndedJob::How::kSucceeded: return "succeeded";
    case EndedJob::How::kFailed: return "failed";
    case EndedJob::How::kCancelled: return "cancelled";
    case EndedJob::How::kReleased: return "released";
    case EndedJob::How::kLost: return "lost";
  }
  return "failed";
}

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

jobs::CopyWish wish_of(const JobMessage& message) {
  jobs::CopyWish wish{.organization_id = message.organization_id,
                      .source_project = message.project_id,
                      .source_dataset = message.dataset_id,
                      .source_table = message.table_id};
  if (message.target_date) wish.only_day = std::chrono::sys_days(*message.target_date);
  return wish;
}

}  // namespace

class JobService::Parts {
 public:
  Parts(JobServiceOptions options, JobServiceMeans means)
      : options_(std::move(options)),
        means_(std::move(means)),
        waiters_(means_.journal, means_.clock, ended_response,
                 [this](std::string_view what) { trouble(what); }),
        workers_(
            options_.workers, means_.journal, means_.clock,
            [this](const journal::Job& job, const jobs::JobRights& rights) {
              return jobs::copy_table(means_.journal, means_.copy, job, rights);
            },
            events()),
        api_{.journal = means_.journal,
             .waiters = waiters_,
             .enqueue = [this](
                            const JobMessage& message,
                            const std::string& message_id) { return enqueue(message, message_id); },
             .on_enqueued = [this] { workers_.poke(); },
             .queued = [this] { return counts()[journal::JobState::kQueued]; },
             .most_queued = options_.most_queued} {
    check_who_may_call();
    describe_request_metrics(metrics_);
    describe_job_metrics(metrics_, [this] { return counts(); });
    add_operations(
        router_, metrics_,
        {{"journal", [this](const std::stop_token&) { return !means_.journal.counts().empty(); }}});
    set_guards();
    add_job_routes(router_, api_);
    if (means_.notifier != nullptr) {
      alerts_ = std::make_unique<jobs::JobAlerts>(means_.journal, *means_.notifier, means_.clock,
                                                  means_.host,
                                                  [this](std::string_view what) { trouble(what); });
    }
  }

  void start() {
    look_at_counts();  // throws when there is no journal
    HttpServerOptions http = options_.http;
    http.on_access = [this](const AccessRecord& record) { on_access(record); };
    http.on_error = [this](std::string_view what) { trouble(what); };
    server_ = std::make_unique<HttpServer>(
        std::move(http), [this](ServiceRequest& request) { return router_.admit(request); });
    server_->start();
    workers_.start();
    counting_ = std::jthread([this](const std::stop_token& stop) {
      while (means_.clock.sleep_for(kCountsPause, stop)) try_to_count();
    });
  }

  std::uint16_t port() const { return server_->port(); }

  void stop() {
    if (server_) server_->stop(options_.grace);
    workers_.stop();
    counting_ = {};
  }

 private:
  void check_who_may_call() const {
    // A verifier guards pushed messages only.
    if (!options_.tokens.empty() || options_.allow_anonymous ||
        is_of_this_machine(options_.http.listen))
      return;
    throw Error(ErrorKind::kInvalidConfig,
                "the service would listen on " + options_.http.listen +
                    " and let in anybody: give service.api_token, or, where something before it "
                    "checks who calls, service.allow_anonymous = true");
  }

  void set_guards() {
    const auto refused = [this](std::string_view why) {
      log(LogLevel::kWarning, "a pushed message was refused", {{"reason", why}});
    };
    if (!options_.tokens.empty()) {
      api_.write = api_token_guard(options_.tokens, true);
      api_.read = api_token_guard(options_.tokens, false);
      api_.push = api_.write;
    }
    if (means_.push_verifier != nullptr) {
      api_.push = google_push_guard(*means_.push_verifier, refused);
    }
  }

  journal::Enqueued enqueue(const JobMessage& message, const std::string& message_id) {
    auto enqueued =
        jobs::enqueue_copy(means_.journal, wish_of(message), message_id, means_.copy.own_project);
    const char* what = enqueued.answer == journal::Answer::kNew ? "a job came" : "a job came again";
    log_job(LogLevel::kInfo, what, enqueued.job, {{"message_id", message_id}});
    if (!message.unknown_fields.empty()) {
      log_job(LogLevel::kWarning, "the message has fields that mean nothing here", enqueued.job,
              {{"fields", message.unknown_fields}});
    }
    return enqueued;
  }

  jobs::JobEvents events() {
    return {
        .on_begin =
            [this](const journal::Job& job) {
              log_job(LogLevel::kInfo, "the job began", job, {{"attempt", job.attempts}});
            },
        .on_retry =
            [this](const journal::Job& job, std::string_view why, Duration pause) {
              log_job(LogLevel::kWarning, "the job failed and is tried again", job,
                      {{"error", why}, {"pause_seconds", seconds_of(pause)}});
            },
        .on_end = [this](const EndedJob& ended) { on_end(ended); },
        .on_trouble = [this](std::string_view what) { trouble(what); },
    };
  }

  void on_end(const EndedJob& ended) {
    const bool has_failed = ended.how == EndedJob::How::kFailed;
    nlohmann::ordered_json metadata = {{"records_processed", ended.gain.rows_copied},
                                       {"bytes_billed", ended.gain.bytes_billed},
                                       {"duration_seconds", seconds_of(ended.duration)}};
    if (has_failed) {
      metadata["error_type"] = to_string(ended.error);
      metadata["error"] = ended.message;
    }
    const bool is_well = ended.how == EndedJob::How::kSucceeded;
    log_job(has_failed ? LogLevel::kError
            : is_well  ? LogLevel::kInfo
                       : LogLevel::kWarning,
            std::string("the job ") + (is_well || has_failed ? "" : "was ") + state_of(ended.how),
            ended.job, std::move(metadata));
    count_job(metrics_, {.state = state_of(ended.how),
                         .error = has_failed ? std::string(to_string(ended.error)) : "",
                         .duration = ended.duration,
                         .rows = static_cast<std::uint64_t>(ended.gain.rows_copied),
                         .bytes_billed = static_cast<std::uint64_t>(ended.gain.bytes_billed)});
    waiters_.look_at(ended.job.id);
    if (!alerts_) return;
    const std::lock_guard lock(alerts_mutex_);
    alerts_->tell(ended, {});
  }

  void on_access(const AccessRecord& record) {
    count_request(metrics_, record);
    log(LogLevel::kDebug, "a request was answered",
        {{"peer", record.peer},
         {"method", record.method},
         {"route", record.route},
         {"status", record.status},
         {"duration_seconds", std::chrono::duration<double>(record.duration).count()}});
  }

  void log(LogLevel level, std::string message, nlohmann::ordered_json metadata) {
    means_.log.write(
        {.level = level, .message = std::move(message), .metadata = std::move(metadata)});
  }
  void log_job(LogLevel level, std::string message, const journal::Job& job,
               nlohmann::ordered_json metadata) {
    means_.log.write({.level = level,
                      .message = std::move(message),
                      .organization_id = job.organization_id,
                      .job_id = job.id,
                      .metadata = std::move(metadata)});
  }
  void trouble(std::string_view what) { log(LogLevel::kError, std::string(what), {}); }

  void look_at_counts() {
    auto known = means_.journal.counts();
    const std::lock_guard lock(counts_mutex_);
    counts_ = std::move(known);
  }
  void try_to_count() {
    try {
      look_at_counts();
    } catch (const Error& error) {
      trouble(error.what());
    }
  }
  JobCounts counts() {
    const std::lock_guard lock(counts_mutex_);
    return counts_;
  }

  const JobServiceOptions options_;
  const JobServiceMeans means_;
  Metrics metrics_;
  std::mutex counts_mutex_;  // of counts_
  JobCounts counts_;
  std::mutex alerts_mutex_;  // of alerts_
  std::unique_ptr<jobs::JobAlerts> alerts_;
  JobWaiters waiters_;
  jobs::JobWorkers workers_;
  JobApi api_;
  Router router_;
  std::unique_ptr<HttpServer> server_;
  std::jthread counting_;
};

JobService::JobService(JobServiceOptions options, JobServiceMeans means)
    : parts_(std::make_unique<Parts>(std::move(options), std::move(means))) {}

JobService::~JobService() { parts_->stop(); }

void JobService::start() { parts_->start(); }

std::uint16_t JobService::port() const { return parts_->port(); }

void JobService::stop() { parts_->stop(); }

}  // namespace finops
