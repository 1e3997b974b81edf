#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "finops/core/clock.h"
#include "finops/journal/job_journal.h"

namespace finops::jobs {

/// Renews a lease for as long as it is there, and asks the work to stop when the lease was lost,
/// the job is to be cancelled, or the service stops.
class LeaseKeeper {
 public:
  LeaseKeeper(journal::JobJournal& journal, journal::Lease lease, Duration duration, Clock& clock,
              std::stop_token service);
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  bool is_lost() const { return is_lost_; }
  bool is_cancel_requested() const { return is_cancel_requested_; }

  /// Renews now: what follows is done with the lease. Throws kLocked when it was lost, kCancelled
  /// when the work is to stop.
  void require();

 private:
  void keep(const std::stop_token& end);
  void renew();

  journal::JobJournal& journal_;
  const journal::Lease lease_;
  const Duration duration_;
  Clock& clock_;
  std::mutex mutex_;  // of renewed_
  TimePoint renewed_;
  std::atomic<bool> is_lost_ = false, is_cancel_requested_ = false;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> on_service_stop_;
  std::jthread thread_;
};

}  // namespace finops::jobs
