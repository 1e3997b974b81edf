#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "finops/net/google/credentials.h"
#include "finops/net/http.h"
#include "finops/net/retry.h"

namespace finops::bigquery {

using Json = nlohmann::json;

struct ClientOptions {
  std::string endpoint_url = "https://bigquery.googleapis.com";
  std::string project_id;  // where jobs run, and who pays for them
  RetryPolicy retry;
  std::shared_ptr<RetryBudget> retry_budget = std::make_shared<RetryBudget>();
  std::stop_token stop;          // ends every call with kCancelled
  std::size_t rows_at_once = 0;  // of rows that are read by pages; 0: as BigQuery likes
};

/// One request to BigQuery's REST API, version 2, before it is addressed and authorised.
struct Call {
  std::string method = "GET";
  std::string url;  // behind the endpoint, encoded: "/bigquery/v2/projects/p/jobs"; or absolute
  std::vector<std::pair<std::string, std::string>> query = {};
  HttpHeaders headers = {};
  std::span<const std::byte> body = {};
  std::string tried;  // for messages: "read the table p.d.t of BigQuery"
  bool changes_something = false;
  /// Sent once, whether or not a stop is requested: what is left to do then.
  bool is_last_word = false;
};

/// Addresses, authorises and repeats requests. Safe to call from any thread.
class Client {
 public:
  Client(ClientOptions options, std::shared_ptr<HttpClient> http,
         std::shared_ptr<GoogleCredentialProvider> credentials, Clock& clock);

  /// The last answer, whatever its status.
  RetriedResponse send(const Call& call);
  /// The answer's document; throws Error unless it is a success. Null for an answer without a body.
  Json ask(const Call& call);
  /// The same, and nothing where a GET is answered with 404.
  std::optional<Json> find(const Call& call);
  /// The body of a GET, as it came; throws Error unless it is a success.
  std::string read(const Call& call);
  /// With a document as its body.
  Json tell(Call call, const Json& document);

  [[noreturn]] void fail(const RetriedResponse& result, const Call& call) const;

  const ClientOptions& options() const { return options_; }
  Clock& clock() { return clock_; }
  /// Waits; kCancelled when a stop is requested meanwhile.
  void sleep(Duration duration);

 private:
  HttpRequest request_of(const Call& call, const GoogleToken& token);

  const ClientOptions options_;
  const std::shared_ptr<GoogleCredentialProvider> credentials_;
  Clock& clock_;
  RetryingClient http_, http_once_;
};

/// "/bigquery/v2/projects/PROJECT", and what follows, each part encoded.
std::string api_path(const std::string& project, const std::vector<std::string>& parts);

/// A dataset's or table's place.
struct TableRef {
  std::string project, dataset, table;
  std::string to_string() const { return project + "." + dataset + "." + table; }
  Json to_json() const;
  /// `p.d.t` in backquotes, for SQL.
  std::string sql() const;
  std::string path() const;  // of the API
};

/// The member as text; empty when there is none. Numbers come as texts in this API.
std::string text_of(const Json& document, const char* member);
/// A count that comes as a text; 0 when there is none.
std::uint64_t count_of(const Json& document, const char* member);

}  // namespace finops::bigquery
