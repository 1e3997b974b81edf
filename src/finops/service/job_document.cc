#include "finops/service/job_document.h"

#include <optional>
#include <string>

#include "finops/core/json_or_null.h"
#include "finops/service/problem.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

/// "2026-05-31T23:59:59.999999Z".
std::string time_text(journal::Time time) {
  std::string text = journal::to_text(time);
  text[10] = 'T';
  return text + 'Z';
}

Json time_or_null(const std::optional<journal::Time>& time) {
  return time ? Json(time_text(*time)) : Json();
}

/// What the journal keeps as JSON; another program may have put something else there.
Json parsed_or_null(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json() : json;
}

}  // namespace

Json job_document(const journal::Job& job) {
  const std::string self = "/v1/jobs/" + job.id;
  Json links = {{"self", self}};
  if (!is_ended(job.state)) links["cancel"] = self + "/cancel";
  const Json window =
      job.window ? Json{{"from", time_text(job.window->from)}, {"to", time_text(job.window->to)}}
                 : Json();
  return {{"id", job.id},
          {"number", job.number},
          {"organization_id", job.organization_id},
          {"destination_table", job.destination_table},
          {"message_id", text_or_null(job.message_id)},
          {"parameters", parsed_or_null(job.parameters)},
          {"state", to_string(job.state)},
          {"status", status_of(job.state)},
          {"cancel_requested", job.cancel_requested},
          {"attempts", job.attempts},
          {"created_at", time_text(job.created_at)},
          {"updated_at", time_text(job.updated_at)},
          {"started_at", time_or_null(job.started_at)},
          {"finished_at", time_or_null(job.finished_at)},
          {"error_message", text_or_null(job.error_message)},
          {"is_final", job.is_final},
          {"rows_copied", job.rows_copied},
          {"bytes_billed", job.bytes_billed},
          {"window", window},
          {"watermark", time_or_null(job.watermark)},
          {"report", parsed_or_null(job.report)},
          {"links", std::move(links)}};
}

ServiceResponse json_response(int status, const Json& document) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

ServiceResponse ended_response(const journal::Job& job) {
  if (job.state == journal::JobState::kSucceeded) return json_response(200, job_document(job));
  if (job.state == journal::JobState::kCancelled) {
    return problem_response({.status = 409, .detail = "the job " + job.id + " was cancelled"});
  }
  return problem_response({.status = job.is_final ? 422 : 500,
                           .detail = "the job " + job.id + " failed: " + job.error_message});
}

}  // namespace finops
