#include "finops/service/problem.h"

#include <algorithm>
#include <array>
#include <utility>

#include "finops/core/json_text.h"

namespace finops {
namespace {

struct StatusPhrase {
  int status;
  std::string_view phrase;
};

constexpr auto kPhrases = std::to_array<StatusPhrase>({
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
});

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, text);
}

std::string mistakes_json(const FieldMistakes& mistakes) {
  std::string out;
  for (const FieldMistake& mistake : mistakes) {
    out += out.empty() ? "[{" : ",{";
    out += "\"field\":";
    append_json_string(out, mistake.field);
    append_member(out, "detail", mistake.detail);
    out += '}';
  }
  return out + "]";
}

}  // namespace

std::string_view status_phrase(int status) {
  const auto found = std::ranges::find(kPhrases, status, &StatusPhrase::status);
  if (found != kPhrases.end()) return found->phrase;
  if (status < 300) return "OK";
  if (status < 400) return "Redirection";
  return status < 500 ? "Bad Request" : "Internal Server Error";
}

ServiceResponse problem_response(const ProblemDetails& problem) {
  std::string body = R"({"type":"about:blank")";
  append_member(body, "title", status_phrase(problem.status));
  body += ",\"status\":" + std::to_string(problem.status);
  if (!problem.detail.empty()) append_member(body, "detail", problem.detail);
  if (!problem.mistakes.empty()) body += ",\"errors\":" + mistakes_json(problem.mistakes);
  body += "}\n";
  ServiceResponse response{.status = problem.status,
                           .headers = {{"Content-Type", "application/problem+json"}},
                           .body = std::move(body)};
  if (problem.retry_after) {
    response.headers.push_back({"Retry-After", std::to_string(problem.retry_after->count())});
  }
  return response;
}

ProblemDetails internal_problem() {
  return {.status = 500, .detail = "the request could not be handled; the service's log says why"};
}

ProblemDetails overload_problem(std::string detail) {
  return {.status = 503, .detail = std::move(detail), .retry_after = std::chrono::seconds(5)};
}

}  // namespace finops
