#include "finops/service/job_api.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/utf8.h"
#include "finops/net/url.h"
#include "finops/service/job_document.h"
#include "finops/service/problem.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kJson = "application/json";
constexpr std::int64_t kMostJobs = 1000;  // of a page
constexpr std::size_t kLongestKey = 200;  // of an Idempotency-Key
constexpr std::size_t kLongestId = 255;

ServiceResponse bad_request(FieldMistakes mistakes) {
  return problem_response({.status = 400,
                           .detail = "the request is not as it has to be",
                           .mistakes = std::move(mistakes)});
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc() && end == text.data() + text.size() && value >= 0;
  return is_number ? std::optional(value) : std::nullopt;
}

/// Of UTF-8.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// A job, or why there is none.
struct Taken {
  std::optional<journal::Enqueued> job;
  ServiceResponse refusal;
};

ServiceResponse refusal_of(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::kNotFound: return problem_response({.status = 404, .detail = error.what()});
    case ErrorKind::kInvalidConfig:
      return problem_response({.status = 422, .detail = error.what()});
    case ErrorKind::kInvalidData: return problem_response({.status = 400, .detail = error.what()});
    case ErrorKind::kUnavailable:
      return problem_response(overload_problem("the journal cannot be reached now"));
    default: throw error;
  }
}

Taken take_in(const JobApi& api, const JobMessage& message, const std::string& message_id) {
  if (api.queued() >= api.most_queued) {
    return {.refusal = problem_response(overload_problem("too many jobs wait already"))};
  }
  try {
    auto enqueued = api.enqueue(message, message_id);
    if (!is_ended(enqueued.job.state)) api.on_enqueued();
    return {.job = std::move(enqueued)};
  } catch (const Error& error) {
    return {.refusal = refusal_of(error)};
  }
}

void push(const JobApi& api, const ServiceRequest& request, const Reply& reply) {
  auto message = read_push_message(request.body);
  if (!message.value) return reply(bad_request(std::move(message.mistakes)));
  Taken taken = take_in(api, message.value->job, message.value->message_id);
  if (!taken.job) return reply(std::move(taken.refusal));
  const journal::Job& job = taken.job->job;
  if (is_ended(job.state)) return reply(ended_response(job));
  api.waiters.wait(job.id, reply, request.stop);
}

ServiceResponse begin_job(const JobApi& api, const ServiceRequest& request) {
  std::string message_id;
  if (const std::string* key = find_header(request.headers, "Idempotency-Key")) {
    const bool is_good = !key->empty() && key->size() <= kLongestKey && is_utf8(*key);
    if (!is_good) return bad_request({{"Idempotency-Key", "has to be of 1 to 200 bytes"}});
    message_id = "api:" + *key;
  }
  auto message = read_job_message(request.body, "body");
  if (!message.value) return bad_request(std::move(message.mistakes));
  const Taken taken = take_in(api, *message.value, message_id);
  if (!taken.job) return taken.refusal;
  const journal::Job& job = taken.job->job;
  auto response = json_response(is_ended(job.state) ? 200 : 202, job_document(job));
  response.headers.push_back({"Location", "/v1/jobs/" + job.id});
  return response;
}

/// Puts one parameter into the filter; returns what is wrong with it, or nothing.
std::string put_parameter(journal::JobFilter& filter, const std::string& name,
                          const std::string& value) {
  const auto number = whole_number(value);
  const bool is_count = number && *number >= 1;
  if (name == "state") {
    filter.state = journal::job_state_of(value);
    return filter.state ? "" : "has to be queued, running, succeeded, failed or cancelled";
  }
  if (name == "org_id") {
    filter.organization_id = value;
    const bool is_good = !value.empty() && is_utf8(value) && characters(value) <= kLongestId;
    return is_good ? "" : "has to be a text of 1 to 255 characters";
  }
  if (name == "limit") {
    if (!is_count || *number > kMostJobs) return "has to be a whole number from 1 to 1000";
    filter.limit = static_cast<std::size_t>(*number);
    return "";
  }
  if (name != "before") return "is no parameter of this path";
  if (!is_count) return "has to be a whole number from 1 on";
  filter.before = *number;
  return "";
}

/// The filter of a query; mistakes by parameter.
ReadOrMistakes<journal::JobFilter> filter_of(const FormFields& query) {
  ReadOrMistakes<journal::JobFilter> result;
  journal::JobFilter filter;
  for (const auto& [name, value] : query) {
    std::string mistake = put_parameter(filter, name, value);
    if (!mistake.empty()) result.mistakes.push_back({name, std::move(mistake)});
  }
  if (result.mistakes.empty()) result.value = std::move(filter);
  return result;
}

std::string next_page(const journal::JobFilter& filter, std::int64_t before) {
  FormFields fields;
  if (filter.state) fields.emplace_back("state", std::string(to_string(*filter.state)));
  if (!filter.organization_id.empty()) fields.emplace_back("org_id", filter.organization_id);
  fields.emplace_back("limit", std::to_string(filter.limit));
  fields.emplace_back("before", std::to_string(before));
  return "/v1/jobs?" + form_text(fields);
}

ServiceResponse list_jobs(const JobApi& api, const ServiceRequest& request) {
  auto filter = filter_of(request.query);
  if (!filter.value) return bad_request(std::move(filter.mistakes));
  const auto jobs = api.journal.jobs(*filter.value);
  Json list = Json::array();
  for (const journal::Job& job : jobs) list.push_back(job_document(job));
  const bool is_last = jobs.size() < filter.value->limit;
  const Json next = is_last ? Json() : Json(next_page(*filter.value, jobs.back().number));
  return json_response(200, {{"jobs", std::move(list)}, {"next", next}});
}

std::optional<ServiceResponse> id_problem(const std::string& id) {
  if (id.size() <= kLongestId && is_utf8(id) && id.find('\0') == std::string::npos) {
    return std::nullopt;
  }
  return problem_response({.status = 404, .detail = "there is no such job"});
}

ServiceResponse show_job(const JobApi& api, const ServiceRequest& request) {
  const std::string& id = path_parameter(request, "id");
  if (auto problem = id_problem(id)) return std::move(*problem);
  const auto job = api.journal.job(id);
  if (job) return json_response(200, job_document(*job));
  return problem_response({.status = 404, .detail = "there is no such job"});
}

ServiceResponse cancel_job(const JobApi& api, const ServiceRequest& request) {
  const std::string& id = path_parameter(request, "id");
  if (auto problem = id_problem(id)) return std::move(*problem);
  const auto job = api.journal.request_cancel(id);
  if (!job) return problem_response({.status = 404, .detail = "there is no such job"});
  if (job->state == journal::JobState::kCancelled) {
    api.waiters.look_at(id);
    return json_response(200, job_document(*job));
  }
  if (is_ended(job->state)) {
    return problem_response(
        {.status = 409,
         .detail = "the job has ended already: " + std::string(to_string(job->state))});
  }
  return json_response(202, job_document(*job));
}

/// Where the journal cannot be asked, the same may do later.
std::function<ServiceResponse(const ServiceRequest&)> with(
    const JobApi& api, ServiceResponse (*function)(const JobApi&, const ServiceRequest&)) {
  return [&api, function](const ServiceRequest& request) {
    try {
      return function(api, request);
    } catch (const Error& error) {
      return refusal_of(error);
    }
  };
}

}  // namespace

void add_job_routes(Router& router, const JobApi& api) {
  router.add_waiting(
      {.method = "POST", .pattern = "/", .content_type = kJson, .guard = api.push},
      [&api](const ServiceRequest& request, const Reply& reply) { push(api, request, reply); });
  router.add({.method = "POST", .pattern = "/v1/jobs", .content_type = kJson, .guard = api.write},
             with(api, begin_job));
  router.add({.method = "GET", .pattern = "/v1/jobs", .guard = api.read}, with(api, list_jobs));
  router.add({.method = "GET", .pattern = "/v1/jobs/{id}", .guard = api.read}, with(api, show_job));
  router.add({.method = "POST", .pattern = "/v1/jobs/{id}/cancel", .guard = api.write},
             with(api, cancel_job));
  router.add({.method = "GET", .pattern = "/openapi.json", .is_immediate = true},
             [](const ServiceRequest&) {
               return ServiceResponse{.headers = {{"Content-Type", kJson}},
                                      .body = openapi_document()};
             });
}

}  // namespace finops
