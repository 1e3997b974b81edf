#include "finops/jobs/job_workers.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "finops/jobs/lease_keeper.h"

namespace finops::jobs {
namespace {

constexpr Duration kLongestPause = std::chrono::minutes(5);

/// What the same message can never make work. Rights that are missing are given, and tables that
/// are missing come; a table of another shape does not change by itself.
bool is_final(ErrorKind kind) {
  return kind == ErrorKind::kUnsupported || kind == ErrorKind::kInvalidConfig;
}

bool may_pass(ErrorKind kind) { return is_transient(kind) || kind == ErrorKind::kUnknownOutcome; }

}  // namespace

/// One job from its lease to its end.
class JobWorkers::OneJob {
 public:
  OneJob(JobWorkers& all, journal::TakenJob taken)
      : all_(all),
        taken_(std::move(taken)),
        keeper_(all.journal_, taken_.lease, all.options_.lease, all.clock_, all.stop_.get_token()) {
  }

  EndedJob run() {
    const TimePoint begin = all_.clock_.now();
    ended_.job = taken_.job;
    try_until_it_works();
    tell_journal();
    ended_.duration = all_.clock_.now() - begin;
    return std::move(ended_);
  }

 private:
  void try_until_it_works() {
    Duration pause = all_.options_.retry_delay;
    for (int retries = 0; !has_worked(); ++retries) {
      const bool is_worth_it = may_pass(ended_.error) && retries < all_.options_.max_retries;
      if (!is_worth_it || keeper_.token().stop_requested()) return;
      all_.events_.on_retry(taken_.job, ended_.message, pause);
      if (!all_.clock_.sleep_for(pause, keeper_.token())) return;
      pause = std::min(pause * 2, kLongestPause);
    }
  }

  bool has_worked() {
    try {
      ended_.gain = all_.work_(taken_.job, {keeper_.token(), [this] { keeper_.require(); }});
      ended_.how = EndedJob::How::kSucceeded;
      return true;
    } catch (const Error& error) {
      ended_.error = error.kind();
      ended_.message = error.what();
    } catch (const std::exception& error) {
      ended_.error = ErrorKind::kInternal;
      ended_.message = std::string("this is a defect of finops: ") + error.what();
    }
    return false;
  }

  void tell_journal() {
    const bool has_succeeded = ended_.how == EndedJob::How::kSucceeded;
    if (!has_succeeded && keeper_.is_lost()) {
      ended_.how = EndedJob::How::kLost;
      return;
    }
    if (!has_succeeded && keeper_.is_cancel_requested()) {
      ended_.how = EndedJob::How::kCancelled;
    } else if (!has_succeeded && all_.stop_.stop_requested()) {
      ended_.how = EndedJob::How::kReleased;
    }
    if (!is_told()) ended_.how = EndedJob::How::kLost;
  }

  /// Until the journal took it, or the lease is over.
  bool is_told() {
    while (true) {
      try {
        return ended_.how == EndedJob::How::kReleased
                   ? all_.journal_.release(taken_.lease)
                   : all_.journal_.finish(taken_.lease, result());
      } catch (const Error& error) {
        all_.events_.on_trouble(error.what());
        if (!may_pass(error.kind()) || keeper_.is_lost()) return false;
      }
      // A service that stops does not wait for a journal that is not there.
      if (!all_.clock_.sleep_for(std::chrono::seconds(1), all_.stop_.get_token())) return false;
    }
  }

  journal::JobResult result() const {
    journal::JobResult result;
    switch (ended_.how) {
      case EndedJob::How::kSucceeded: break;
      case EndedJob::How::kCancelled:
        result.state = journal::JobState::kCancelled;
        result.error_message = "cancelled";
        break;
      default:
        result.state = journal::JobState::kFailed;
        result.error_message = ended_.message;
        result.is_final = is_final(ended_.error);
    }
    result.window = ended_.gain.window;
    result.watermark = ended_.gain.watermark;
    result.rows_copied = ended_.gain.rows_copied;
    result.bytes_billed = ended_.gain.bytes_billed;
    result.report = ended_.gain.report;
    return result;
  }

  JobWorkers& all_;
  const journal::TakenJob taken_;
  LeaseKeeper keeper_;
  EndedJob ended_;
};

JobWorkers::JobWorkers(WorkerOptions options, journal::JobJournal& journal, Clock& clock,
                       DoJob work, JobEvents events)
    : options_(std::move(options)),
      journal_(journal),
      clock_(clock),
      work_(std::move(work)),
      events_(std::move(events)) {}

JobWorkers::~JobWorkers() { stop(); }

void JobWorkers::start() {
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this, i] { work(i); });
  }
}

void JobWorkers::poke() {
  const std::lock_guard lock(mutex_);
  ++pokes_;
  changed_.notify_one();
}

void JobWorkers::stop() {
  stop_.request_stop();
  threads_.clear();
}

void JobWorkers::work(std::size_t number) {
  const std::string name = options_.name + "/" + std::to_string(number);
  while (!stop_.stop_requested()) {
    std::optional<journal::TakenJob> taken;
    try {
      taken = journal_.take(name, options_.lease);
    } catch (const Error& error) {
      events_.on_trouble(error.what());
    }
    if (!taken) {
      wait_for_work();
      continue;
    }
    ++running_;
    events_.on_begin(taken->job);
    const EndedJob ended = OneJob(*this, std::move(*taken)).run();
    --running_;
    events_.on_end(ended);
  }
}

void JobWorkers::wait_for_work() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop_.get_token(), options_.idle, [this] { return pokes_ > 0; });
  if (pokes_ > 0) --pokes_;
}

}  // namespace finops::jobs
