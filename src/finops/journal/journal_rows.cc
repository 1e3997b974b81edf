#include "finops/journal/journal_rows.h"

#include <algorithm>

#include "finops/core/error.h"
#include "finops/core/utf8.h"

namespace finops::journal {
namespace {

using Value = SqlSession::Value;

constexpr std::size_t kLongestName = 255, kLongestTable = 400;
constexpr std::size_t kLongestText = 65'535;  // bytes of MySQL's TEXT

const std::vector<std::string>& job_columns() {
  static const std::vector<std::string> columns = {
      "id",          "job_id",       "organization_id", "destination_table", "message_id",
      "parameters",  "state",        "attempts",        "created_at",        "updated_at",
      "started_at",  "finished_at",  "error_message",   "is_final",          "cancel_requested",
      "lease_owner", "lease_until",  "window_from",     "window_to",         "watermark",
      "rows_copied", "bytes_billed", "report"};
  return columns;
}

std::string select(const std::vector<std::string>& columns, const std::string& table) {
  std::string text;
  for (const auto& column : columns) text += (text.empty() ? "SELECT " : ", ") + column;
  return text + " FROM " + table;
}

/// A row's cells one after the other.
class Cells {
 public:
  explicit Cells(const SqlSession::Row& row) : row_(row) {}

  std::string text() { return row_[next_++].value_or(""); }
  std::int64_t number() {
    const Value& cell = row_[next_++];
    return cell ? std::stoll(*cell) : 0;
  }
  bool flag() { return number() != 0; }
  std::optional<Time> time() {
    const Value& cell = row_[next_++];
    return cell ? std::optional(time_of(*cell)) : std::nullopt;
  }

 private:
  const SqlSession::Row& row_;
  std::size_t next_ = 0;
};

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_inside_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t characters(std::string_view text) {
  return text.size() -
         static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_inside_character));
}

[[noreturn]] void refuse(const std::string& what, const std::string& why) {
  throw Error(ErrorKind::kInvalidData, "the " + what + " " + why);
}

/// Databases compare texts without their blanks at the end, so there are none.
void check_name(const std::string& what, const std::string& text,
                std::size_t longest = kLongestName) {
  if (!is_utf8(text)) refuse(what, "is not UTF-8");
  if (has_control_character(text)) refuse(what, "has control characters");
  if (characters(text) > longest) {
    refuse(what, "has more than " + std::to_string(longest) + " characters");
  }
  if (text.starts_with(' ') || text.ends_with(' ')) refuse(what, "begins or ends with a blank");
}

void check_given(const std::string& what, const std::string& text,
                 std::size_t longest = kLongestName) {
  if (text.empty()) refuse(what, "is empty");
  check_name(what, text, longest);
}

void check_json(const std::string& what, const std::string& text) {
  if (!is_utf8(text)) refuse(what, "is not UTF-8");
  if (text.size() > kLongestText) {
    refuse(what, "has more than " + std::to_string(kLongestText) + " bytes");
  }
}

}  // namespace

const std::string& select_jobs() {
  static const std::string text = select(job_columns(), "etl_jobs");
  return text;
}

Job job_of(const SqlSession::Row& row) {
  Cells cells(row);
  Job job;
  job.number = cells.number();
  job.id = cells.text();
  job.organization_id = cells.text();
  job.destination_table = cells.text();
  job.message_id = cells.text();
  job.parameters = cells.text();
  const std::string state = cells.text();
  const auto known = job_state_of(state);
  if (!known) {
    throw Error(ErrorKind::kInvalidData, "etl_jobs has the job " + job.id + " in the state '" +
                                             state + "', which is none; correct that row");
  }
  job.state = *known;
  job.attempts = static_cast<int>(cells.number());
  job.created_at = cells.time().value_or(Time());
  job.updated_at = cells.time().value_or(Time());
  job.started_at = cells.time();
  job.finished_at = cells.time();
  job.error_message = cells.text();
  job.is_final = cells.flag();
  job.cancel_requested = cells.flag();
  job.lease_owner = cells.text();
  job.lease_until = cells.time();
  const auto from = cells.time(), to = cells.time();
  if (from && to) job.window = Window{*from, *to};
  job.watermark = cells.time();
  job.rows_copied = cells.number();
  job.bytes_billed = cells.number();
  job.report = cells.text();
  return job;
}

const std::vector<std::string>& client_columns() {
  static const std::vector<std::string> columns = {
      "source_project", "source_dataset",      "source_table",        "service_account",
      "location",       "destination_project", "destination_dataset", "destination_table",
      "transform_sql",  "look_back_days",      "is_enabled",          "organization_id"};
  return columns;
}

const std::string& select_clients() {
  static const std::string text = [] {
    auto columns = client_columns();
    columns.insert(columns.end(), {"last_successful_run", "created_at"});
    return select(columns, "client_billing_config");
  }();
  return text;
}

ClientConfiguration client_of(const SqlSession::Row& row) {
  Cells cells(row);
  ClientConfiguration client;
  client.source_project = cells.text();
  client.source_dataset = cells.text();
  client.source_table = cells.text();
  client.service_account = cells.text();
  client.location = cells.text();
  client.destination_project = cells.text();
  client.destination_dataset = cells.text();
  client.destination_table = cells.text();
  client.transform_sql = cells.text();
  client.look_back_days = static_cast<int>(cells.number());
  client.is_enabled = cells.flag();
  client.organization_id = cells.text();
  client.last_successful_run = cells.time();
  client.created_at = cells.time();
  return client;
}

std::vector<Value> values_of(const ClientConfiguration& c) {
  return {c.source_project,
          c.source_dataset,
          c.source_table,
          c.service_account,
          c.location,
          c.destination_project,
          c.destination_dataset,
          c.destination_table,
          c.transform_sql.empty() ? Value() : c.transform_sql,
          std::to_string(c.look_back_days),
          c.is_enabled ? "1" : "0",
          c.organization_id};
}

void check(const JobRequest& request) {
  check_name("message id", request.message_id);
  check_given("organisation", request.organization_id);
  check_given("destination table", request.destination_table, kLongestTable);
  check_json("job's parameters", request.parameters);
}

void check(const JobResult& result) { check_json("job's report", result.report); }

void check(const ClientConfiguration& client) {
  check_given("organisation", client.organization_id);
  check_name("source project", client.source_project);
  check_name("source dataset", client.source_dataset);
  check_name("source table", client.source_table);
  check_name("service account", client.service_account);
  check_name("location", client.location);
  check_name("destination project", client.destination_project);
  check_name("destination dataset", client.destination_dataset);
  check_name("destination table", client.destination_table);
  check_name("path of the transforming SQL", client.transform_sql);
  if (client.look_back_days < 0) refuse("look-back", "is a negative number of days");
}

std::string error_text(const std::string& message) {
  if (!is_utf8(message)) return error_text("a message that is not UTF-8 and is not kept");
  if (message.size() <= kLongestText) return message;
  std::size_t end = kLongestText;
  while (end > 0 && is_inside_character(message[end])) --end;
  return message.substr(0, end);
}

}  // namespace finops::journal
