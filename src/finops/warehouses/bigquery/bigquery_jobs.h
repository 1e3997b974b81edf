#pragma once

#include <string>
#include <vector>

#include "finops/core/error.h"
#include "finops/warehouses/bigquery/bigquery_client.h"

namespace finops::bigquery {

/// A job's id is made here, before the job: it is what a lost answer is settled by. All ids for one
/// subject (a table) have one beginning, by which jobs of a process that was killed are found.
std::string job_id_prefix(const std::string& subject);
std::string new_job_id(const std::string& prefix);

/// A job that ended well.
struct FinishedJob {
  std::string id, location;
  Json statistics;
  std::uint64_t bytes_billed() const;
};

/// Runs jobs in one project. Safe to call from any thread.
class Jobs {
 public:
  /// `location`: where jobs run; empty: BigQuery finds out from what they name.
  Jobs(Client& client, std::string location) : client_(client), location_(std::move(location)) {}

  /// Inserts a job and waits for its end. A job that failed for a reason that may pass is
  /// followed by another one, with an id of its own. Throws Error with BigQuery's own errors.
  FinishedJob run(const Json& configuration, const std::string& id_prefix,
                  const std::string& tried);

  /// When it is done. Throws Error when it failed: kUnavailable where another job may do better. A
  /// stop cancels it.
  FinishedJob wait(const std::string& id, const std::string& tried);
  /// Nothing when there is no such job.
  std::optional<Json> find(const std::string& id, const std::string& tried);

  /// Waits for our own jobs whose ids begin so and that have not ended: of a process that was
  /// killed, or of another machine.
  void wait_for_earlier(const std::string& id_prefix, const std::string& tried);

  /// A job's `jobReference`.
  Json reference(const std::string& id) const;
  Client& client() { return client_; }

 private:
  void insert(const Json& configuration, const std::string& id, const std::string& tried);
  FinishedJob wait_for_end(const std::string& id, const std::string& tried);
  void cancel(const std::string& id);

  Client& client_;
  const std::string location_;
};

/// Calls `attempt` again, after a pause, while it throws kUnavailable, a few times: an upload whose
/// session has expired and a job that BigQuery gave up begin anew.
template <typename Attempt>
auto repeat_while_unavailable(Client& client, Attempt attempt) {
  constexpr int kAttempts = 4;
  Duration pause = std::chrono::milliseconds(500);
  for (int n = 1;; ++n) {
    try {
      return attempt();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kUnavailable || n == kAttempts) throw;
    }
    client.sleep(pause);
    pause *= 3;
  }
}

}  // namespace finops::bigquery
