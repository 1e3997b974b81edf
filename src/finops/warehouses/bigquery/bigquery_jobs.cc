#include "finops/warehouses/bigquery/bigquery_jobs.h"

#include <algorithm>

#include "finops/core/error.h"
#include "finops/core/sha256.h"
#include "finops/core/unique_ids.h"
#include "finops/net/google/google_error.h"

namespace finops::bigquery {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(5);

bool is_done(const Json& job) {
  return job.contains("status") && text_of(job["status"], "state") == "DONE";
}

/// All that BigQuery said, the reason of the end first.
std::string errors_text(const Json& status) {
  constexpr std::size_t kMostErrors = 5;
  const Json& result = status["errorResult"];
  std::string text = text_of(result, "reason") + ": " + text_of(result, "message");
  std::size_t told = 0, left = 0;
  for (const Json& error : status.value("errors", Json::array())) {
    const std::string message = text_of(error, "message");
    if (message == text_of(result, "message")) continue;
    if (told == kMostErrors) {
      ++left;
      continue;
    }
    text += (told++ == 0 ? " [" : "; ") + message;
    const std::string location = text_of(error, "location");
    if (!location.empty()) text += " (at " + location + ")";
  }
  if (told > 0) text += "]";
  if (left > 0) text += " and " + std::to_string(left) + " more errors";
  return text;
}

/// Two statements on one table at once: BigQuery ends one of them and says so in its message only.
bool is_lost_race(const Json& error) {
  const std::string message = text_of(error, "message");
  return message.find("concurrent update") != std::string::npos ||
         message.find("Could not serialize access") != std::string::npos;
}

void throw_failure(const Json& job, const std::string& tried) {
  const Json status = job.value("status", Json::object());
  if (!status.contains("errorResult")) return;
  const Json& error = status["errorResult"];
  const std::string message =
      tried + ": " + errors_text(status) + " (job " + text_of(job["jobReference"], "jobId") + ")";
  const std::string reason = text_of(error, "reason");
  const ErrorKind kind = kind_of_google_reason(reason).value_or(ErrorKind::kInvalidData);
  if (is_transient(kind) || is_lost_race(error)) {
    throw Error(ErrorKind::kUnavailable, message);
  }
  throw Error(kind, message + std::string(advice_for_google_reason(reason)));
}

}  // namespace

std::string job_id_prefix(const std::string& subject) {
  return "finops_" + sha256_of(subject).substr(0, 16) + "_";
}

std::string new_job_id(const std::string& prefix) { return prefix + random_uuid(); }

std::uint64_t FinishedJob::bytes_billed() const {
  if (!statistics.is_object() || !statistics.contains("query")) return 0;
  return count_of(statistics["query"], "totalBytesBilled");
}

Json Jobs::reference(const std::string& id) const {
  Json reference = {{"projectId", client_.options().project_id}, {"jobId", id}};
  if (!location_.empty()) reference["location"] = location_;
  return reference;
}

std::optional<Json> Jobs::find(const std::string& id, const std::string& tried) {
  Call call{.url = api_path(client_.options().project_id, {"jobs", id}), .tried = tried};
  if (!location_.empty()) call.query.emplace_back("location", location_);
  return client_.find(call);
}

void Jobs::insert(const Json& configuration, const std::string& id, const std::string& tried) {
  const Call call{.method = "POST",
                  .url = api_path(client_.options().project_id, {"jobs"}),
                  .tried = tried,
                  .changes_something = true};
  try {
    client_.tell(call, {{"jobReference", reference(id)}, {"configuration", configuration}});
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) cancel(id);
    // The id is new: a job of that id is the one that an earlier attempt made.
    const bool may_be_there = error.kind() == ErrorKind::kAlreadyExists ||
                              error.kind() == ErrorKind::kUnknownOutcome ||
                              error.kind() == ErrorKind::kUnavailable;
    if (!may_be_there || !find(id, tried)) throw;
  }
}

FinishedJob Jobs::wait_for_end(const std::string& id, const std::string& tried) {
  Duration pause = kFirstPause;
  for (;;) {
    const std::optional<Json> job = find(id, tried);
    if (!job) throw Error(ErrorKind::kUnknownOutcome, tried + ": the job " + id + " is gone");
    if (is_done(*job)) {
      throw_failure(*job, tried);
      return {.id = id,
              .location = text_of((*job)["jobReference"], "location"),
              .statistics = job->value("statistics", Json::object())};
    }
    client_.sleep(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

FinishedJob Jobs::wait(const std::string& id, const std::string& tried) {
  try {
    return wait_for_end(id, tried);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) cancel(id);
    throw;
  }
}

FinishedJob Jobs::run(const Json& configuration, const std::string& id_prefix,
                      const std::string& tried) {
  return repeat_while_unavailable(client_, [&] {
    const std::string id = new_job_id(id_prefix);
    insert(configuration, id, tried);
    return wait(id, tried);
  });
}

/// Nobody waits for what becomes of it.
void Jobs::cancel(const std::string& id) {
  Call call{.method = "POST",
            .url = api_path(client_.options().project_id, {"jobs", id, "cancel"}),
            .tried = "cancel the job " + id,
            .is_last_word = true};
  if (!location_.empty()) call.query.emplace_back("location", location_);
  try {
    client_.send(call);
  } catch (const Error&) {
    // The stop is what is told.
  }
}

void Jobs::wait_for_earlier(const std::string& id_prefix, const std::string& tried) {
  for (const char* state : {"running", "pending"}) {
    std::string page;
    do {
      Call call{.url = api_path(client_.options().project_id, {"jobs"}), .tried = tried};
      call.query = {{"stateFilter", state}, {"maxResults", "1000"}};
      if (!page.empty()) call.query.emplace_back("pageToken", page);
      const Json answer = client_.ask(call);
      for (const Json& job : answer.value("jobs", Json::array())) {
        const std::string id = text_of(job["jobReference"], "jobId");
        if (!id.starts_with(id_prefix)) continue;
        try {
          wait_for_end(id, tried);
        } catch (const Error& error) {
          // That one failed: it is somebody else's, and it has changed nothing.
          if (error.kind() == ErrorKind::kCancelled) throw;
        }
      }
      page = text_of(answer, "nextPageToken");
    } while (!page.empty());
  }
}

}  // namespace finops::bigquery
