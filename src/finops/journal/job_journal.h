#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "finops/core/clock.h"
#include "finops/journal/client_configuration.h"
#include "finops/journal/job.h"

namespace finops::journal {

/// What became of a request.
enum class Answer {
  kNew,           // a job was made
  kJoined,        // its message has a job that waits or runs
  kRunsAgain,     // its message's job had failed, and waits again
  kEndedWell,     // its message's job succeeded: nothing is to be done
  kEndedForGood,  // it was cancelled, or failed as it always would: nothing will be done
};

struct Enqueued {
  Job job;
  Answer answer = Answer::kNew;
};

enum class LeaseState {
  kHeld,
  kCancelRequested,  // held; the worker is to stop and finish the job as cancelled
  kLost,             // another worker has the job, or it ended: the worker must stop writing
};

/// Jobs from the last one back.
struct JobFilter {
  std::optional<JobState> state;
  std::string organization_id;  // empty: all
  std::int64_t before = 0;      // only jobs of lower numbers, for the next page; 0: from the last
  std::size_t limit = 100;
};

struct Migration {
  int from = 0, to = 0;  // versions of the tables; from 0: there was no journal
};

/// The jobs of the service and what it copies for whom, in one database that any number of workers
/// on any number of machines may share.
///
/// Promises. One message has one job, however often and from however many sides it comes at once.
/// Of all jobs of one (organisation, destination table) at most one has a lease, and its token is
/// new each time: what a worker reports that has lost its lease is refused. A lease that ran out
/// stays its worker's until another takes the job, and that job goes before all others of its
/// table. Leases run by one clock, the database's where machines share it. A job's end, its table's
/// watermark and the organisation's last_successful_run change together.
///
/// Rows that other programs put into etl_jobs have no `state`; they are neither seen nor taken.
///
/// All methods may be called from any thread. They throw kInvalidConfig when the tables are not of
/// this version (advice: migrate), kInvalidData for texts that a column cannot hold, kUnavailable
/// when the database is not to be had; a call that threw kUnavailable may have happened, and
/// calling it again is right: each one knows what it did.
class JobJournal {
 public:
  virtual ~JobJournal() = default;

  /// Makes the tables, or brings older ones, those of the reference service too, to this version:
  /// columns are added, rows stay. Jobs that another service left in progress become failed. May be
  /// called always and by several at once. kUnsupported when the tables are newer than this
  /// program; kInvalidData, with nothing changed, when an organisation is configured twice.
  virtual Migration migrate() = 0;

  virtual std::optional<ClientConfiguration> client(const std::string& organization_id) = 0;
  /// By organisation.
  virtual std::vector<ClientConfiguration> clients() = 0;
  /// Adds, or replaces all but last_successful_run and created_at.
  virtual void put_client(const ClientConfiguration& client) = 0;
  /// Jobs and watermarks stay. False when there is none.
  virtual bool remove_client(const std::string& organization_id) = 0;

  /// The job of the request's message, made when there is none.
  virtual Enqueued enqueue(const JobRequest& request) = 0;
  /// Cancels a job that waits at once, and asks the worker of one that runs. The job as it is then;
  /// nothing when there is no such job.
  virtual std::optional<Job> request_cancel(const std::string& job_id) = 0;

  /// The next job whose table is free, now leased by `worker`; nothing when there is none. A job
  /// whose lease ran out is taken again, also with cancel_requested.
  virtual std::optional<TakenJob> take(const std::string& worker, Duration lease) = 0;
  /// The lease goes on for so long from now.
  virtual LeaseState renew(const Lease& lease, Duration duration) = 0;
  /// Gives a job back that was not finished; it waits again, or is cancelled where that was asked
  /// for. False when the lease was lost.
  virtual bool release(const Lease& lease) = 0;
  /// False when the lease was lost, and then nothing was changed. True again for the same lease.
  virtual bool finish(const Lease& lease, const JobResult& result) = 0;

  virtual std::optional<Job> job(const std::string& job_id) = 0;
  virtual std::vector<Job> jobs(const JobFilter& filter) = 0;
  /// States without jobs are there with 0.
  virtual std::map<JobState, std::int64_t> counts() = 0;
  /// Up to where the table is copied; nothing before the first success that told it.
  virtual std::optional<Time> watermark(const std::string& organization_id,
                                        const std::string& destination_table) = 0;

  /// Whether people were told that jobs of the table fail. True when that changed with this call:
  /// of several that tell, one does. False for a table of which no job was ever taken.
  virtual bool set_failure_told(const std::string& organization_id,
                                const std::string& destination_table, bool is_told) = 0;
};

}  // namespace finops::journal
