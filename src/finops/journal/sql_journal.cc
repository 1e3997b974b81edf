#include "finops/journal/sql_journal.h"

#include <atomic>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/unique_ids.h"
#include "finops/journal/journal_rows.h"
#include "finops/journal/journal_schema.h"

namespace finops::journal {
namespace {

using Value = SqlSession::Value;
using Row = SqlSession::Row;

Value text_or_null(const std::string& text) { return text.empty() ? Value() : text; }
Value time_or_null(const std::optional<Time>& time) {
  return time ? Value(to_text(*time)) : Value();
}
Value flag(bool is_set) { return is_set ? "1" : "0"; }

/// The next job whose lease ran out. Every running job has its table, and of a table with a running
/// job no other is taken, also when its lease ran out: so it goes first.
constexpr const char* kNextExpiredJob =
    "SELECT id FROM etl_jobs WHERE state = 'running' AND lease_until <= ? ORDER BY id LIMIT 1";

/// The next job that waits and whose table is free. The key on `state` has the rows by id, so this
/// ends at the first one, however many wait behind it.
constexpr const char* kNextQueuedJob =
    "SELECT j.id FROM etl_jobs j WHERE j.state = 'queued' AND NOT EXISTS (SELECT 1 FROM "
    "finops_journal_tables t JOIN etl_jobs h ON h.id = t.running_job WHERE t.organization_id = "
    "j.organization_id AND t.destination_table = j.destination_table) ORDER BY j.id LIMIT 1";

class SqlJournal : public JobJournal {
 public:
  explicit SqlJournal(std::unique_ptr<JournalDatabase> database)
      : database_(std::move(database)), d_(database_->dialect()) {}

  Migration migrate() override {
    Migration result;
    database_->migrate([&](SqlSession& session) { result = migrate_tables(session, d_); });
    is_ready_ = true;
    return result;
  }

  std::optional<ClientConfiguration> client(const std::string& organization_id) override {
    std::vector<Row> rows;
    read([&](SqlSession& session) {
      rows = session.query(select_clients() + " WHERE organization_id = ?", {organization_id});
    });
    return rows.empty() ? std::nullopt : std::optional(client_of(rows[0]));
  }

  std::vector<ClientConfiguration> clients() override {
    std::vector<Row> rows;
    read([&](SqlSession& session) {
      rows = session.query(select_clients() +
                           " WHERE organization_id IS NOT NULL ORDER BY organization_id");
    });
    std::vector<ClientConfiguration> result;
    for (const Row& row : rows) result.push_back(client_of(row));
    return result;
  }

  void put_client(const ClientConfiguration& client) override {
    check(client);
    std::string set, names, marks;
    for (const auto& column : client_columns()) {
      set += (set.empty() ? "" : ", ") + column + " = ?";
      names += column + ", ";
      marks += "?, ";
    }
    write([&](SqlSession& session) {
      auto values = values_of(client);
      values.emplace_back(client.organization_id);
      if (session.run("UPDATE client_billing_config SET " + set + " WHERE organization_id = ?",
                      values) > 0) {
        return;
      }
      values.back() = to_text(session.now());
      session.run(
          "INSERT INTO client_billing_config (" + names + "created_at) VALUES (" + marks + "?)",
          values);
    });
  }

  bool remove_client(const std::string& organization_id) override {
    bool is_removed = false;
    write([&](SqlSession& session) {
      is_removed = session.run("DELETE FROM client_billing_config WHERE organization_id = ?",
                               {organization_id}) > 0;
    });
    return is_removed;
  }

  Enqueued enqueue(const JobRequest& request) override {
    check(request);
    Enqueued result;
    write([&](SqlSession& session) {
      const auto known = request.message_id.empty()
                             ? std::nullopt
                             : locked_job(session, "message_id", request.message_id);
      result = known ? answer(session, *known) : Enqueued{insert(session, request), Answer::kNew};
    });
    return result;
  }

  std::optional<Job> request_cancel(const std::string& job_id) override {
    std::optional<Job> result;
    write([&](SqlSession& session) {
      result = locked_job(session, "job_id", job_id);
      if (!result || is_ended(result->state)) return;
      const std::string now = to_text(session.now());
      if (result->state == JobState::kQueued) {
        cancel(session, result->number, now);
      } else {
        session.run("UPDATE etl_jobs SET cancel_requested = 1, updated_at = ? WHERE id = ?",
                    {now, std::to_string(result->number)});
      }
      result = job_by_number(session, result->number);
    });
    return result;
  }

  std::optional<TakenJob> take(const std::string& worker, Duration lease) override {
    bool may_be_one = false;
    // Idle workers ask often; only those that may get something wait for each other.
    read([&](SqlSession& session) { may_be_one = next_job(session).has_value(); });
    if (!may_be_one) return std::nullopt;
    std::optional<TakenJob> taken;
    write([&](SqlSession& session) { taken = take_next(session, worker, lease); });
    return taken;
  }

  LeaseState renew(const Lease& lease, Duration duration) override {
    LeaseState state = LeaseState::kLost;
    write([&](SqlSession& session) {
      const auto job = held_job(session, lease);
      state = !job                    ? LeaseState::kLost
              : job->cancel_requested ? LeaseState::kCancelRequested
                                      : LeaseState::kHeld;
      if (!job) return;
      const Time now = session.now();
      session.run("UPDATE etl_jobs SET lease_until = ?, updated_at = ? WHERE id = ?",
                  {to_text(now + duration), to_text(now), std::to_string(lease.job)});
    });
    return state;
  }

  bool release(const Lease& lease) override {
    bool is_held = false;
    write([&](SqlSession& session) {
      const auto job = held_job(session, lease);
      is_held = job.has_value();
      if (!job) return;
      const std::string now = to_text(session.now());
      free_table(session, *job, std::nullopt);
      if (job->cancel_requested) {
        cancel(session, job->number, now);
        return;
      }
      session.run(
          "UPDATE etl_jobs SET state = 'queued', lease_token = NULL, lease_until = NULL, attempts "
          "= attempts - 1, started_at = NULL, updated_at = ? WHERE id = ?",
          {now, std::to_string(job->number)});
    });
    return is_held;
  }

  bool finish(const Lease& lease, const JobResult& result) override {
    check(result);
    if (!is_ended(result.state)) {
      throw Error(ErrorKind::kInternal,
                  "a job is finished in the state '" + std::string(to_string(result.state)) + "'");
    }
    bool is_held = false;
    write([&](SqlSession& session) {
      const auto job = held_job(session, lease);
      is_held = job.has_value() || has_finished(session, lease);
      if (job) end(session, *job, result);
    });
    return is_held;
  }

  std::optional<Job> job(const std::string& job_id) override {
    std::vector<Row> rows;
    read([&](SqlSession& session) {
      rows = session.query(
          select_jobs() + " WHERE job_id = ? AND state IS NOT NULL ORDER BY id DESC LIMIT 1",
          {job_id});
    });
    return rows.empty() ? std::nullopt : std::optional(job_of(rows[0]));
  }

  std::vector<Job> jobs(const JobFilter& filter) override {
    std::string where = " WHERE state IS NOT NULL";
    std::vector<Value> values;
    const auto add = [&](const char* condition, std::string value) {
      where += condition;
      values.emplace_back(std::move(value));
    };
    if (filter.state) add(" AND state = ?", std::string(to_string(*filter.state)));
    if (!filter.organization_id.empty()) add(" AND organization_id = ?", filter.organization_id);
    if (filter.before > 0) add(" AND id < ?", std::to_string(filter.before));
    std::vector<Row> rows;
    read([&](SqlSession& session) {
      rows = session.query(
          select_jobs() + where + " ORDER BY id DESC LIMIT " + std::to_string(filter.limit),
          values);
    });
    std::vector<Job> result;
    for (const Row& row : rows) result.push_back(job_of(row));
    return result;
  }

  std::map<JobState, std::int64_t> counts() override {
    std::vector<Row> rows;
    read([&](SqlSession& session) {
      rows = session.query(
          "SELECT state, COUNT(*) FROM etl_jobs WHERE state IS NOT NULL GROUP BY state");
    });
    std::map<JobState, std::int64_t> result = {{JobState::kQueued, 0},
                                               {JobState::kRunning, 0},
                                               {JobState::kSucceeded, 0},
                                               {JobState::kFailed, 0},
                                               {JobState::kCancelled, 0}};
    for (const Row& row : rows) {
      if (const auto state = job_state_of(row[0].value_or(""))) {
        result[*state] = std::stoll(row[1].value_or("0"));
      }
    }
    return result;
  }

  std::optional<Time> watermark(const std::string& organization_id,
                                const std::string& destination_table) override {
    std::vector<Row> rows;
    read([&](SqlSession& session) {
      rows = session.query(
          "SELECT watermark FROM finops_journal_tables WHERE organization_id = ? AND "
          "destination_table = ?",
          {organization_id, destination_table});
    });
    if (rows.empty() || !rows[0][0]) return std::nullopt;
    return time_of(*rows[0][0]);
  }

  bool set_failure_told(const std::string& organization_id, const std::string& destination_table,
                        bool is_told) override {
    bool is_changed = false;
    write([&](SqlSession& session) {
      is_changed =
          session.run(
              "UPDATE finops_journal_tables SET is_failure_told = ? WHERE organization_id = ? AND "
              "destination_table = ? AND is_failure_told <> ?",
              {flag(is_told), organization_id, destination_table, flag(is_told)}) > 0;
    });
    return is_changed;
  }

 private:
  void read(const JournalDatabase::Work& work) {
    make_ready();
    database_->read(work);
  }
  void write(const JournalDatabase::Work& work) {
    make_ready();
    database_->write(work);
  }

  /// Tables of this version stay so as long as the program runs.
  void make_ready() {
    if (is_ready_) return;
    int version = 0;
    database_->read([&](SqlSession& session) { version = journal_version(session, d_); });
    require_version(version);
    is_ready_ = true;
  }

  std::optional<Job> locked_job(SqlSession& session, const std::string& column,
                                const std::string& value) {
    const auto rows =
        session.query(select_jobs() + " WHERE " + column +
                          " = ? AND state IS NOT NULL ORDER BY id DESC LIMIT 1" + d_.for_update,
                      {value});
    return rows.empty() ? std::nullopt : std::optional(job_of(rows[0]));
  }

  static Job job_by_number(SqlSession& session, std::int64_t number) {
    return job_of(session.query(select_jobs() + " WHERE id = ?", {std::to_string(number)}).at(0));
  }

  /// The job of a lease that was not lost, locked.
  std::optional<Job> held_job(SqlSession& session, const Lease& lease) {
    const auto rows = session.query(
        select_jobs() + " WHERE id = ? AND lease_token = ? AND state = 'running'" + d_.for_update,
        {std::to_string(lease.job), lease.token});
    return rows.empty() ? std::nullopt : std::optional(job_of(rows[0]));
  }

  /// An end whose success was not told; a lost lease's token is no longer there.
  static bool has_finished(SqlSession& session, const Lease& lease) {
    const auto rows = session.query("SELECT state FROM etl_jobs WHERE id = ? AND lease_token = ?",
                                    {std::to_string(lease.job), lease.token});
    const auto state = rows.empty() ? std::nullopt : job_state_of(rows[0][0].value_or(""));
    return state && is_ended(*state);
  }

  static Job insert(SqlSession& session, const JobRequest& request) {
    const std::string id = random_uuid(), now = to_text(session.now());
    session.run(
        "INSERT INTO etl_jobs (job_id, organization_id, destination_table, message_id, parameters, "
        "status, state, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 'IN_PROGRESS', 'queued', ?, "
        "?)",
        {id, request.organization_id, request.destination_table, text_or_null(request.message_id),
         request.parameters, now, now});
    return job_of(session.query(select_jobs() + " WHERE job_id = ?", {id}).at(0));
  }

  static Enqueued answer(SqlSession& session, const Job& known) {
    if (!is_ended(known.state)) return {known, Answer::kJoined};
    if (known.state == JobState::kSucceeded) return {known, Answer::kEndedWell};
    if (known.state == JobState::kCancelled || known.is_final) {
      return {known, Answer::kEndedForGood};
    }
    session.run(
        "UPDATE etl_jobs SET state = 'queued', status = 'IN_PROGRESS', error_message = NULL, "
        "lease_token = NULL, lease_until = NULL, started_at = NULL, finished_at = NULL, "
        "cancel_requested = 0, updated_at = ? WHERE id = ?",
        {to_text(session.now()), std::to_string(known.number)});
    return {job_by_number(session, known.number), Answer::kRunsAgain};
  }

  static void cancel(SqlSession& session, std::int64_t number, const std::string& now) {
    session.run(
        "UPDATE etl_jobs SET state = 'cancelled', status = 'FAILED', error_message = 'cancelled', "
        "lease_until = NULL, finished_at = ?, updated_at = ? WHERE id = ?",
        {now, now, std::to_string(number)});
  }

  static Value next_job(SqlSession& session) {
    const auto expired = session.query(kNextExpiredJob, {to_text(session.now())});
    if (!expired.empty()) return expired[0][0];
    const auto queued = session.query(kNextQueuedJob);
    return queued.empty() ? Value() : queued[0][0];
  }

  std::optional<TakenJob> take_next(SqlSession& session, const std::string& worker,
                                    Duration duration) {
    // Takers come one after the other, so that what is seen to be free is free.
    session.query("SELECT version FROM finops_journal_versions WHERE version = 1" + d_.for_update);
    while (const Value number = next_job(session)) {
      const Time now = session.now();
      const std::string token = random_uuid();
      // A renewal, an end or a cancel may have come in between.
      const bool is_taken =
          session.run(
              "UPDATE etl_jobs SET state = 'running', lease_owner = ?, lease_token = ?, "
              "lease_until = ?, attempts = attempts + 1, started_at = ?, updated_at = ? WHERE id = "
              "? AND (state = 'queued' OR (state = 'running' AND lease_until <= ?))",
              {worker, token, to_text(now + duration), to_text(now), to_text(now), number,
               to_text(now)}) == 1;
      if (!is_taken) continue;
      const Job job = job_by_number(session, std::stoll(*number));
      hold_table(session, job);
      return TakenJob{job, {job.number, token}};
    }
    return std::nullopt;
  }

  /// Where another job has the table after all, its key refuses this one and all begins again.
  static void hold_table(SqlSession& session, const Job& job) {
    const std::string number = std::to_string(job.number);
    // A running job may have been deleted by hand.
    if (session.run("UPDATE finops_journal_tables SET running_job = ? WHERE organization_id = ? "
                    "AND destination_table = ? AND (running_job IS NULL OR running_job = ? OR NOT "
                    "EXISTS (SELECT 1 FROM etl_jobs j WHERE j.id = running_job))",
                    {number, job.organization_id, job.destination_table, number}) > 0) {
      return;
    }
    session.run(
        "INSERT INTO finops_journal_tables (running_job, organization_id, destination_table) "
        "VALUES (?, ?, ?)",
        {number, job.organization_id, job.destination_table});
  }

  static void free_table(SqlSession& session, const Job& job,
                         const std::optional<Time>& watermark) {
    const Value mark = time_or_null(watermark);
    const auto freed = session.run(
        "UPDATE finops_journal_tables SET running_job = NULL, watermark = CASE WHEN watermark IS "
        "NULL OR watermark < ? THEN COALESCE(?, watermark) ELSE watermark END WHERE "
        "organization_id = ? AND destination_table = ? AND running_job = ?",
        {mark, mark, job.organization_id, job.destination_table, std::to_string(job.number)});
    if (freed != 1) {
      throw Error(ErrorKind::kInternal, "the journal's job " + job.id +
                                            " runs without having its table; nothing was changed");
    }
  }

  static void end(SqlSession& session, const Job& job, const JobResult& result) {
    const bool is_success = result.state == JobState::kSucceeded;
    const std::string now = to_text(session.now());
    const auto& window = result.window;
    // The token stays, to know the lease by that ended it.
    session.run(
        "UPDATE etl_jobs SET state = ?, status = ?, error_message = ?, is_final = ?, window_from = "
        "?, window_to = ?, watermark = ?, rows_copied = ?, bytes_billed = ?, report = ?, "
        "lease_until = NULL, "
        "finished_at = ?, updated_at = ? WHERE id = ?",
        {std::string(to_string(result.state)), std::string(status_of(result.state)),
         text_or_null(error_text(result.error_message)), flag(result.is_final),
         window ? Value(to_text(window->from)) : Value(),
         window ? Value(to_text(window->to)) : Value(),
         is_success ? time_or_null(result.watermark) : Value(), std::to_string(result.rows_copied),
         std::to_string(result.bytes_billed), text_or_null(result.report), now, now,
         std::to_string(job.number)});
    free_table(session, job, is_success ? result.watermark : std::nullopt);
    if (!is_success) return;
    session.run(
        "UPDATE client_billing_config SET last_successful_run = ? WHERE organization_id = ?",
        {now, job.organization_id});
  }

  const std::unique_ptr<JournalDatabase> database_;
  const SqlDialect& d_;
  std::atomic<bool> is_ready_ = false;
};

}  // namespace

std::unique_ptr<JobJournal> make_sql_journal(std::unique_ptr<JournalDatabase> database) {
  return std::make_unique<SqlJournal>(std::move(database));
}

}  // namespace finops::journal
