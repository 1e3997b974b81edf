#include "finops/service/job_waiters.h"

#include <algorithm>
#include <utility>

#include "finops/core/error.h"
#include "finops/service/problem.h"

namespace finops {
namespace {

constexpr Duration kPause = std::chrono::seconds(1);

ServiceResponse not_yet() {
  return problem_response(
      overload_problem("the job has not ended yet; the same message again waits for it"));
}

}  // namespace

struct JobWaiters::Waiting {
  Waiting(std::string id, const Reply& to, const std::stop_token& stop)
      : job_id(std::move(id)), reply(to), on_stop(stop, [to] { to(not_yet()); }) {}

  const std::string job_id;
  const Reply reply;
  const std::stop_callback<std::function<void()>> on_stop;
};

JobWaiters::JobWaiters(journal::JobJournal& journal, Clock& clock, AnswerOfJob answer,
                       std::function<void(std::string_view)> on_trouble)
    : journal_(journal),
      clock_(clock),
      answer_(std::move(answer)),
      on_trouble_(std::move(on_trouble)),
      thread_([this](const std::stop_token& end) { watch(end); }) {}

JobWaiters::~JobWaiters() {
  thread_.request_stop();
  look_at("");
}

void JobWaiters::wait(const std::string& job_id, const Reply& reply, const std::stop_token& stop) {
  auto waiting = std::make_unique<Waiting>(job_id, reply, stop);
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(waiting));
  }
  look_at(job_id);  // it may have ended in between
}

void JobWaiters::look_at(const std::string& job_id) {
  const std::lock_guard lock(mutex_);
  now_.insert(job_id);
  nap_.request_stop();
}

std::size_t JobWaiters::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void JobWaiters::watch(const std::stop_token& end) {
  TimePoint next_look = clock_.now();  // at all
  while (!end.stop_requested()) {
    std::stop_token nap;
    {
      const std::lock_guard lock(mutex_);
      nap_ = std::stop_source();
      nap = nap_.get_token();
    }
    const TimePoint now = clock_.now();
    // Also where the clock went back.
    const bool all = now >= next_look || next_look - now > kPause;
    if (all) next_look = now + kPause;
    try {
      for (const auto& job_id : wanted_jobs(all)) answer_ended(job_id);
    } catch (const Error& error) {
      on_trouble_(error.what());
    }
    if (!end.stop_requested()) clock_.sleep_for(next_look - now, nap);
  }
}

/// Also forgets those that got an answer otherwise. They go without the mutex, because their
/// callbacks may be running.
std::set<std::string> JobWaiters::wanted_jobs(bool all) {
  std::vector<std::unique_ptr<Waiting>> gone;
  std::set<std::string> ids;
  const std::lock_guard lock(mutex_);
  const std::set<std::string> now = std::exchange(now_, {});
  std::erase_if(waiting_, [&](std::unique_ptr<Waiting>& one) {
    if (one->reply.is_answered())
      gone.push_back(std::move(one));
    else if (all || now.contains(one->job_id))
      ids.insert(one->job_id);
    return one == nullptr;
  });
  return ids;
}

void JobWaiters::answer_ended(const std::string& job_id) {
  const auto job = journal_.job(job_id);
  if (job && !is_ended(job->state)) return;
  const ServiceResponse response =
      job ? answer_(*job)
          : problem_response({.status = 404, .detail = "the job was removed from the journal"});
  const std::lock_guard lock(mutex_);
  for (const auto& one : waiting_) {
    if (one->job_id == job_id) one->reply(response);
  }
}

}  // namespace finops
