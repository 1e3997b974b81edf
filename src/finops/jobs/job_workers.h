#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "finops/core/clock.h"
#include "finops/core/error.h"
#include "finops/journal/job_journal.h"

namespace finops::jobs {

/// What a job came to when it succeeded.
struct JobGain {
  std::optional<journal::Window> window;
  std::optional<journal::Time> watermark;
  std::int64_t rows_copied = 0, bytes_billed = 0;
  std::string report;  // JSON
};

/// What the work on one job is given beside it.
struct JobRights {
  std::stop_token stop;                 // the work is to end soon, with kCancelled
  std::function<void()> require_lease;  // throws when what follows must not be done any more
};

using DoJob = std::function<JobGain(const journal::Job&, const JobRights&)>;

/// How the work on a job ended.
struct EndedJob {
  enum class How { kSucceeded, kFailed, kCancelled, kReleased, kLost };
  How how = How::kFailed;
  journal::Job job;                        // as it was taken
  JobGain gain;                            // kSucceeded
  ErrorKind error = ErrorKind::kInternal;  // kFailed
  std::string message;                     // likewise
  Duration duration{0};
};

/// Who is told. Called by the workers' threads, at once; must not throw.
struct JobEvents {
  std::function<void(const journal::Job&)> on_begin;
  /// It failed, and is tried again after a pause.
  std::function<void(const journal::Job&, std::string_view why, Duration pause)> on_retry;
  std::function<void(const EndedJob&)> on_end;       // the journal knows it already
  std::function<void(std::string_view)> on_trouble;  // the journal cannot be asked
};

struct WorkerOptions {
  std::size_t threads = 2;
  std::string name;  // of this process, among all that share the journal
  Duration lease = std::chrono::seconds(60);
  Duration idle = std::chrono::seconds(2);         // between two looks into the journal
  int max_retries = 3;                             // of what may pass, within one lease
  Duration retry_delay = std::chrono::seconds(5);  // before the first; doubled each time
};

/// Threads that take jobs from the journal and work them off, each under its lease. Started once,
/// stopped once; poke() from any thread.
class JobWorkers {
 public:
  JobWorkers(WorkerOptions options, journal::JobJournal& journal, Clock& clock, DoJob work,
             JobEvents events);
  ~JobWorkers();  // stop()
  JobWorkers(const JobWorkers&) = delete;
  JobWorkers& operator=(const JobWorkers&) = delete;

  void start();
  /// A job may have come: somebody looks now.
  void poke();
  /// Takes no more. Work that runs is asked to stop and given back; returns when it has ended.
  void stop();
  std::size_t running() const { return running_; }

 private:
  class OneJob;

  void work(std::size_t number);
  void wait_for_work();

  const WorkerOptions options_;
  journal::JobJournal& journal_;
  Clock& clock_;
  const DoJob work_;
  const JobEvents events_;
  std::stop_source stop_;
  std::atomic<std::size_t> running_ = 0;
  std::mutex mutex_;  // of pokes_
  std::condition_variable_any changed_;
  std::size_t pokes_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace finops::jobs
