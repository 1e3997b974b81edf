#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace finops::journal {

/// UTC. Exports are stamped to the microsecond, so windows and watermarks are kept to it.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// "2026-05-31 23:59:59.999999", as databases write it.
std::string to_text(Time time);
/// The same back; also with fewer digits behind the second, or none. Throws kInvalidData.
Time time_of(std::string_view text);

/// 1. kQueued: waits for a worker. 2. kRunning: a worker has its lease. 3. kSucceeded, kFailed or
/// kCancelled. A running job goes back to kQueued when its worker releases it, a failed one when
/// its message comes again; no other way leads back.
enum class JobState { kQueued, kRunning, kSucceeded, kFailed, kCancelled };

/// "queued", …: what column `state` holds.
std::string_view to_string(JobState state);
/// Nothing for any other text.
std::optional<JobState> job_state_of(std::string_view text);
bool is_ended(JobState state);
/// What the reference's programs call it: "IN_PROGRESS", "SUCCESS", "FAILED".
std::string_view status_of(JobState state);

/// Half-open.
struct Window {
  Time from, to;

  friend bool operator==(const Window&, const Window&) = default;
};

/// What is asked for. Texts are UTF-8 without control characters and blanks at their ends.
struct JobRequest {
  std::string message_id;         // to 255 characters; empty: never the same as another
  std::string organization_id;    // 1 to 255 characters
  std::string destination_table;  // 1 to 400 characters: as the caller names it, always alike
  std::string parameters = "{}";  // JSON: what the message overrides; kept as it is
};

struct Job {
  std::int64_t number = 0;  // of its row: in the order in which jobs came
  std::string id;           // what people and links call it
  std::string organization_id, destination_table, message_id, parameters;
  JobState state = JobState::kQueued;
  int attempts = 0;  // begun so often, without those that were released
  Time created_at, updated_at;
  std::optional<Time> started_at, finished_at;  // of the last attempt
  std::string error_message;
  bool is_final = false;          // a failure that no repetition can help
  bool cancel_requested = false;  // its worker has yet to see it
  std::string lease_owner;        // the last worker
  std::optional<Time> lease_until;
  std::optional<Window> window;  // of what was copied
  std::optional<Time> watermark;
  std::int64_t rows_copied = 0, bytes_billed = 0;
  std::string report;  // JSON: JobResult's; empty where there is none
};

/// The right to work on a job and its table, as long as nobody else was given it.
struct Lease {
  std::int64_t job = 0;  // its number
  std::string token;     // of this one lease
};

struct TakenJob {
  Job job;
  Lease lease;
};

/// How a job ended.
struct JobResult {
  JobState state = JobState::kSucceeded;  // or kFailed, kCancelled
  std::string error_message;
  bool is_final = false;  // kFailed: the message can never work, and is not tried again
  std::optional<Window> window;
  std::optional<Time> watermark;  // kSucceeded: all before it is copied; never moves back
  std::int64_t rows_copied = 0, bytes_billed = 0;
  std::string report;  // JSON for whoever asks what was done; UTF-8, to 65,535 bytes, or empty
};

}  // namespace finops::journal
