// One copy of a table of BigQuery, for tests/servers/test_table_copies.py: reads a JSON document
// from stdin, prints the report as one, or {"error": kind, "message": …} and exits with 1.
//
//   {"endpoint": URL, "project": ours, "read_project": "", "reader": key file or "", "writer": key
//   file,
//    "source": "p.d.t", "destination": "p.d.t", "location": "", "first_day": "2026-05-01",
//    "look_back": 10, "only_day": "", "days_at_once": 31, "die_before_request": n,
//    "die_after_request": n (by SIGKILL), "lose_lease_before_publish": n,
//    "wait_before_publish": file that begins it, "transform": SQL}
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "finops/core/error.h"
#include "finops/engines/duckdb/duckdb_row_transform.h"
#include "finops/net/google/credential_chain.h"
#include "finops/warehouses/bigquery/bigquery_table_copier.h"

namespace {

using namespace finops;
using Json = nlohmann::json;
using Day = std::chrono::sys_days;

std::stop_source interrupted;

TablePath path_of(const std::string& text) {
  const std::size_t table = text.rfind('.'), dataset = text.rfind('.', table - 1);
  return {text.substr(0, dataset), text.substr(dataset + 1, table - dataset - 1),
          text.substr(table + 1)};
}

std::optional<Day> day_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return std::chrono::year_month_day{
      std::chrono::year(std::stoi(text.substr(0, 4))),
      std::chrono::month(static_cast<unsigned>(std::stoi(text.substr(5, 2)))),
      std::chrono::day(static_cast<unsigned>(std::stoi(text.substr(8, 2))))};
}

Json json_of(const std::optional<Day>& day) {
  if (!day) return nullptr;
  return to_iso8601(*day).substr(0, 10);
}

Json json_of(const TableCopyReport& report) {
  Json days = Json::array();
  for (const ComparedDay& day : report.days) {
    days.push_back(
        {json_of(std::optional(day.day)), day.source_rows, day.copy_rows, day.is_copied});
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {{"way", report.way},
          {"from", json_of(report.from)},
          {"to", json_of(report.to)},
          {"finished_until", json_of(report.finished_until)},
          {"days", days},
          {"rows_copied", report.rows_copied},
          {"bytes_sent", report.bytes_sent},
          {"bytes_billed", report.bytes_billed},
          {"jobs", report.jobs},
          {"notes", report.notes},
          {"peak_rss_kib", usage.ru_maxrss}};
}

/// Kills the process around one of its requests to BigQuery, counted from 1.
class DeadlyClient : public HttpClient {
 public:
  DeadlyClient(int before, int after) : before_(before), after_(after) {}

  HttpResponse send(const HttpRequest& request, std::stop_token stop) override {
    const bool counts = request.url.find("/bigquery/") != std::string::npos;
    if (counts && --before_ == 0) kill(getpid(), SIGKILL);
    HttpResponse response = http_->send(request, stop);
    if (counts && --after_ == 0) kill(getpid(), SIGKILL);
    return response;
  }

 private:
  const std::unique_ptr<HttpClient> http_ = make_http_client({});
  int before_, after_;
};

std::function<void()> before_publish(const Json& asked) {
  return [file = asked.value("wait_before_publish", ""),
          left = asked.value("lose_lease_before_publish", 0)]() mutable {
    while (!file.empty() && !std::filesystem::exists(file)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    if (--left == 0) throw Error(ErrorKind::kConflict, "the lease is lost");
  };
}

TableCopyReport copy(const Json& asked) {
  const auto http = std::make_shared<DeadlyClient>(asked.value("die_before_request", 0),
                                                   asked.value("die_after_request", 0));
  const GoogleSession session{http, system_clock(), Environment::of_process(),
                              std::make_shared<RetryBudget>()};
  const auto credentials = [&](const char* who) -> std::shared_ptr<GoogleCredentialProvider> {
    const std::string file = asked.value(who, "");
    if (file.empty()) return nullptr;
    return google_credentials_of_file(session, file, {std::string(kCloudPlatformScope)});
  };
  BigQueryCopyOptions options{.project_id = asked.at("project"),
                              .read_project = asked.value("read_project", ""),
                              .endpoint_url = asked.at("endpoint")};
  options.retry.base = std::chrono::milliseconds(20);
  options.stop = interrupted.get_token();
  options.days_at_once = asked.value("days_at_once", 31);
  TableCopyRequest request{.source = path_of(asked.at("source")),
                           .destination = path_of(asked.at("destination")),
                           .location = asked.value("location", "")};
  request.first_day = day_of(asked.value("first_day", ""));
  request.look_back_days = asked.value("look_back", 10);
  request.only_day = day_of(asked.value("only_day", ""));
  const std::string sql = asked.value("transform", "");
  if (!sql.empty()) request.transform = make_duckdb_row_transform({.sql = sql, .name = "'t.sql'"});
  request.before_publish = before_publish(asked);
  return make_bigquery_table_copier(options, http, credentials("reader"), credentials("writer"),
                                    system_clock())
      ->copy(request);
}

}  // namespace

int main() {
  std::signal(SIGTERM, [](int) { interrupted.request_stop(); });
  try {
    std::cout << json_of(copy(Json::parse(std::cin))).dump() << '\n';
    return 0;
  } catch (const Error& error) {
    std::cout << Json{{"error", to_string(error.kind())}, {"message", error.what()}}.dump() << '\n';
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
  }
  return 1;
}
