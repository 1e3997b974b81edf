#include "finops/warehouses/bigquery/bigquery_client.h"

#include <charconv>

#include "finops/core/error.h"
#include "finops/net/google/google_error.h"
#include "finops/net/url.h"

namespace finops::bigquery {
namespace {

/// Answers are pages of at most 10 MB and jobs with their plans.
constexpr std::uint64_t kLongestAnswer = 64u << 20;

/// A success whose body a proxy cut or replaced is asked for so often.
constexpr int kReadings = 3;

}  // namespace

Client::Client(ClientOptions options, std::shared_ptr<HttpClient> http,
               std::shared_ptr<GoogleCredentialProvider> credentials, Clock& clock)
    : options_(std::move(options)),
      credentials_(std::move(credentials)),
      clock_(clock),
      http_(http, clock, options_.retry, options_.retry_budget),
      http_once_(std::move(http), clock, {.attempts = 1}, options_.retry_budget) {}

HttpRequest Client::request_of(const Call& call, const GoogleToken& token) {
  HttpRequest request{.method = call.method, .headers = call.headers, .body = call.body};
  request.url = call.url.starts_with('/') ? options_.endpoint_url + call.url : call.url;
  char between = request.url.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : call.query) {
    request.url += between + percent_encode(name) + "=" + percent_encode(value);
    between = '&';
  }
  for (HttpHeader& header : authorization_headers(token)) {
    request.headers.push_back(std::move(header));
  }
  request.max_response_bytes = kLongestAnswer;
  return request;
}

RetriedResponse Client::send(const Call& call) {
  constexpr int kUnauthenticated = 401;
  RetryingClient& http = call.is_last_word ? http_once_ : http_;
  const std::stop_token stop = call.is_last_word ? std::stop_token() : options_.stop;
  try {
    for (bool is_second = false;; is_second = true) {
      GoogleToken token;
      const auto make = [&] {
        token = credentials_->get(stop);
        return request_of(call, token);
      };
      RetriedResponse result = http.send(make, stop, is_transient_google_answer);
      // A token may be withdrawn before it expires.
      if (result.response.status != kUnauthenticated || is_second) return result;
      credentials_->forget(token);
    }
  } catch (const Error& error) {
    throw error.within(call.tried);
  }
}

void Client::fail(const RetriedResponse& result, const Call& call) const {
  const Error error = error_of_google_failure(result, call.tried, call.changes_something);
  if (error.kind() != ErrorKind::kPermissionDenied) throw error;
  throw Error(error.kind(),
              error.what() + std::string(" (credentials from ") + credentials_->origin() + ")");
}

Json Client::ask(const Call& call) {
  std::optional<Json> document = find(call);
  if (!document) throw Error(ErrorKind::kNotFound, call.tried + ": it does not exist");
  return std::move(*document);
}

std::optional<Json> Client::find(const Call& call) {
  for (int reading = 1;; ++reading) {
    const RetriedResponse result = send(call);
    const HttpResponse& response = result.response;
    if (response.status == 404 && call.method == "GET") return std::nullopt;
    if (!response.is_success()) fail(result, call);
    if (response.body.empty()) return Json();
    Json document = Json::parse(response.body, nullptr, false);
    if (!document.is_discarded()) return document;
    // What changes something is settled by whoever asked for it.
    if (call.changes_something || reading == kReadings) {
      throw Error(call.changes_something ? ErrorKind::kUnknownOutcome : ErrorKind::kUnavailable,
                  call.tried + ": the answer is no JSON");
    }
  }
}

std::string Client::read(const Call& call) {
  RetriedResponse result = send(call);
  if (!result.response.is_success()) fail(result, call);
  return std::move(result.response.body);
}

Json Client::tell(Call call, const Json& document) {
  const std::string body = document.dump(-1, ' ', false, Json::error_handler_t::replace);
  call.headers.push_back({"content-type", "application/json"});
  call.body = std::as_bytes(std::span(body));
  return ask(call);
}

void Client::sleep(Duration duration) {
  if (!clock_.sleep_for(duration, options_.stop)) {
    throw Error(ErrorKind::kCancelled, "interrupted");
  }
}

std::string api_path(const std::string& project, const std::vector<std::string>& parts) {
  std::string path = "/bigquery/v2/projects/" + percent_encode(project);
  for (const std::string& part : parts) path += "/" + percent_encode(part);
  return path;
}

Json TableRef::to_json() const {
  return {{"projectId", project}, {"datasetId", dataset}, {"tableId", table}};
}

std::string TableRef::sql() const { return "`" + to_string() + "`"; }

std::string TableRef::path() const {
  return api_path(project, {"datasets", dataset, "tables", table});
}

std::string text_of(const Json& document, const char* member) {
  if (!document.is_object()) return {};
  const auto found = document.find(member);
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t count_of(const Json& document, const char* member) {
  if (!document.is_object()) return 0;
  const auto found = document.find(member);
  if (found == document.end()) return 0;
  if (found->is_number_unsigned()) return found->get<std::uint64_t>();
  const std::string text = text_of(document, member);
  std::uint64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

}  // namespace finops::bigquery
