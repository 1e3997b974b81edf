#include "finops/jobs/lease_keeper.h"

#include <utility>

#include "finops/core/error.h"

namespace finops::jobs {

LeaseKeeper::LeaseKeeper(journal::JobJournal& journal, journal::Lease lease, Duration duration,
                         Clock& clock, std::stop_token service)
    : journal_(journal),
      lease_(std::move(lease)),
      duration_(duration),
      clock_(clock),
      renewed_(clock.now()),
      on_service_stop_(std::move(service), [this] { stop_.request_stop(); }),
      thread_([this](const std::stop_token& end) { keep(end); }) {}

LeaseKeeper::~LeaseKeeper() = default;

void LeaseKeeper::require() {
  renew();
  if (is_lost_) {
    throw Error(ErrorKind::kLocked, "another worker has this job now: its lease ran out here");
  }
  if (stop_.stop_requested()) throw Error(ErrorKind::kCancelled, "the job is to stop");
}

void LeaseKeeper::keep(const std::stop_token& end) {
  while (clock_.sleep_for(duration_ / 3, end)) {
    try {
      renew();
    } catch (const Error&) {
      // Whether the lease is still ours is not known; it is not when it has run out.
      const std::lock_guard lock(mutex_);
      if (clock_.now() - renewed_ >= duration_) is_lost_ = true;
    }
    if (is_lost_) stop_.request_stop();
  }
}

void LeaseKeeper::renew() {
  const TimePoint asked = clock_.now();
  const journal::LeaseState state = journal_.renew(lease_, duration_);
  if (state == journal::LeaseState::kLost) {
    is_lost_ = true;
    stop_.request_stop();
    return;
  }
  if (state == journal::LeaseState::kCancelRequested) {
    is_cancel_requested_ = true;
    stop_.request_stop();
  }
  const std::lock_guard lock(mutex_);
  renewed_ = asked;
}

}  // namespace finops::jobs
