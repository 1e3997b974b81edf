// One copy of a table of BigQuery, for tests/servers/test_table_copies.py: reads a JSON document
// from stdin, prints the report as one, or {"error": kind, "message": …} and exits with 1.
//
//   {"endpoint": URL, "project": ours, "read_project": "", "reader": key file or "", "writer": key
//   file,
//    "source": "p.d.t", "destination": "p.d.t", "location": "", "first_day": "2026-05-01",
//    "look_back": 10, "only_day": "", "days_at_once": 31, "die_before_publish": n,
//    "lose_lease_before_publish": n}
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "finops/core/error.h"
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

/// Counts down, and does it when it comes to nothing.
std::function<void()> before_publish(int dies, int loses) {
  return [dies, loses]() mutable {
    if (--dies == 0) kill(getpid(), SIGKILL);
    if (--loses == 0) throw Error(ErrorKind::kConflict, "the lease is lost");
  };
}

TableCopyReport copy(const Json& asked) {
  const auto http = std::shared_ptr<HttpClient>(make_http_client({}));
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
  request.before_publish = before_publish(asked.value("die_before_publish", 0),
                                          asked.value("lose_lease_before_publish", 0));
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
