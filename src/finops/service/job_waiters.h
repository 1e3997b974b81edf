#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "finops/core/clock.h"
#include "finops/journal/job_journal.h"
#include "finops/service/service_message.h"

namespace finops {

/// Requests that are answered when their job has ended, here or on another machine. They hold no
/// thread: one thread asks the journal for all.
class JobWaiters {
 public:
  /// What is answered when a job has ended.
  using AnswerOfJob = std::function<ServiceResponse(const journal::Job&)>;

  JobWaiters(journal::JobJournal& journal, Clock& clock, AnswerOfJob answer,
             std::function<void(std::string_view)> on_trouble);
  ~JobWaiters();
  JobWaiters(const JobWaiters&) = delete;
  JobWaiters& operator=(const JobWaiters&) = delete;

  /// Answers 503 when `stop` is requested before the job has ended.
  void wait(const std::string& job_id, const Reply& reply, const std::stop_token& stop);
  /// The job may have ended: somebody looks now. Others are looked at once a second.
  void look_at(const std::string& job_id);
  std::size_t waiting() const;

 private:
  struct Waiting;

  void watch(const std::stop_token& end);
  void answer_ended(const std::string& job_id);
  /// The jobs that are waited for: all, or those that somebody is to look at now.
  std::set<std::string> wanted_jobs(bool all);

  journal::JobJournal& journal_;
  Clock& clock_;
  const AnswerOfJob answer_;
  const std::function<void(std::string_view)> on_trouble_;
  mutable std::mutex mutex_;  // of what follows
  std::vector<std::unique_ptr<Waiting>> waiting_;
  std::set<std::string> now_;  // ids of jobs to look at
  std::stop_source nap_;       // ends the pause between two looks
  std::jthread thread_;
};

}  // namespace finops
