#include "finops/warehouses/bigquery/bigquery_table_copier.h"

#include <algorithm>
#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"
#include "finops/warehouses/bigquery/bigquery_places.h"
#include "finops/warehouses/bigquery/bigquery_upload.h"
#include "finops/warehouses/bigquery/copied_schema.h"
#include "finops/warehouses/bigquery/copy_staging.h"
#include "finops/warehouses/bigquery/result_rows.h"

namespace finops {
namespace {

using namespace bigquery;  // NOLINT(google-build-using-namespace): this is its one user

constexpr auto kOneDay = std::chrono::days(1);

/// A source that changes while it is copied is asked again so often.
constexpr int kAttempts = 3;

TableRef ref_of(const TablePath& path) { return {path.project, path.dataset, path.table}; }

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : "; ") + text;
  return all;
}

/// One call of copy(): who asks, and what it came to.
class Copying {
 public:
  Copying(Client& reader, Client& writer, bool is_on_server, std::size_t days_at_once,
          const TableCopyRequest& request)
      : reader_(reader),
        writer_(writer),
        days_at_once_(days_at_once),
        request_(request),
        from_(ref_of(request.source)),
        to_(ref_of(request.destination)) {
    report_.way = is_on_server ? "server" : "client";
  }

  TableCopyReport run();

 private:
  template <typename Action>
  auto as(const Client& client, Action action);
  void look_at_source();
  void find_place();
  void make_copy();
  void check_partitions(const Json& partitioning);
  Json with_all_columns(Json resource);
  void end_earlier_copies();
  std::vector<TimeRange> wanted_range() const;
  void compare();
  bool is_wanted(Day day);
  void replace_days(const std::vector<Day>& days);
  void copy_days(std::vector<Day> days);
  std::unique_ptr<CopyStaging> filled(const std::vector<Day>& days);
  void fill_on_server(const CopyStaging& staging, const std::vector<Day>& days);
  void send(const CopyStaging& staging, const std::vector<Day>& days);
  std::vector<Day> agree(const CopyStaging& staging, const std::vector<Day>& days);
  void publish(const TableRef& staging, Day day);
  void check_copied();
  void tell_days();

  RowSource as_in(const TableRef& table) const {
    return {.table = table, .time_column = request_.time_column, .fields = source_fields_};
  }
  RowSource source() const;
  Jobs reading() { return {reader_, location_}; }
  Jobs writing() { return {writer_, location_}; }
  DaySums sums(Jobs jobs, const RowSource& of, const std::vector<TimeRange>& ranges);
  void note_job(const Client& client, const FinishedJob& job);
  std::string publishing_prefix() const { return job_id_prefix("copy into " + to_.to_string()); }

  Client& reader_;
  Client& writer_;
  const std::size_t days_at_once_;
  const TableCopyRequest& request_;
  const TableRef from_, to_;
  std::string location_;
  Json source_fields_;
  bool is_by_arrival_ = false;
  Json copy_;  // the copy's resource
  DaySums there_, here_;
  std::vector<Day> copied_;
  TableCopyReport report_;
};

/// What `client` does, of which a refusal says what it takes.
template <typename Action>
auto Copying::as(const Client& client, Action action) {
  try {
    return action();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kPermissionDenied) throw;
    const std::string roles =
        &client == &reader_ ? "roles/bigquery.dataViewer on the table " + from_.to_string()
                            : "roles/bigquery.dataEditor on the dataset " + to_.project + "." +
                                  to_.dataset + " (on the project, where it has to be made)";
    throw Error(error.kind(), error.what() + ("; it takes " + roles) +
                                  " and roles/bigquery.jobUser on the project " +
                                  client.options().project_id);
  }
}

TableCopyReport Copying::run() {
  as(reader_, [&] { look_at_source(); });
  as(writer_, [&] {
    find_place();
    make_copy();
    end_earlier_copies();
  });
  compare();
  std::vector<Day> wanted;
  for (const ComparedDay& day : report_.days) {
    if (is_wanted(day.day)) wanted.push_back(day.day);
  }
  for (std::size_t first = 0; first < wanted.size(); first += days_at_once_) {
    const std::size_t last = std::min(first + days_at_once_, wanted.size());
    replace_days({wanted.begin() + static_cast<std::ptrdiff_t>(first),
                  wanted.begin() + static_cast<std::ptrdiff_t>(last)});
  }
  check_copied();
  tell_days();
  return std::move(report_);
}

// ---- what there is

void Copying::look_at_source() {
  const std::optional<Json> resource = find_table(reader_, from_);
  if (!resource) {
    throw Error(ErrorKind::kNotFound, "there is no table " + from_.to_string() +
                                          ": check project, dataset and table of the source, and "
                                          "whether its export is on");
  }
  const std::string type = text_of(*resource, "type");
  const auto kinds = {"TABLE", "VIEW", "MATERIALIZED_VIEW", "SNAPSHOT"};
  if (std::ranges::find(kinds, type) == kinds.end()) {
    throw Error(ErrorKind::kUnsupported,
                from_.to_string() + " is " + type + ": only tables and views are copied");
  }
  source_fields_ = resource->value("schema", Json::object()).value("fields", Json::array());
  const Json* time = find_field(source_fields_, request_.time_column);
  if (time == nullptr || text_of(*time, "type") != "TIMESTAMP" ||
      text_of(*time, "mode") == "REPEATED") {
    throw Error(ErrorKind::kUnsupported,
                "the table " + from_.to_string() + " has no column '" + request_.time_column +
                    "' of the type TIMESTAMP, by which it could be copied day by day");
  }
  const Json partitioning = resource->value("timePartitioning", Json());
  is_by_arrival_ = partitioning.is_object() && text_of(partitioning, "field").empty();
  location_ = text_of(*resource, "location");
  if (!request_.location.empty() && ascii_lower(request_.location) != ascii_lower(location_)) {
    throw Error(ErrorKind::kInvalidConfig,
                "the table " + from_.to_string() + " is in " + location_ +
                    ", and its copy shall be in " + request_.location +
                    ": BigQuery copies within one location; leave the location out, or name " +
                    location_);
  }
}

RowSource Copying::source() const {
  RowSource source = as_in(from_);
  source.is_by_arrival = is_by_arrival_;
  if (request_.only_day) {
    const auto latest = std::max(request_.look_back_days, 10) + 2;
    source.latest_arrival = *request_.only_day + std::chrono::days(latest);
  }
  return source;
}

// ---- the copy's place

void Copying::find_place() {
  std::optional<Json> dataset = find_dataset(writer_, to_.project, to_.dataset);
  if (!dataset) {
    create_dataset(writer_, to_.project, to_.dataset, location_);
    dataset = find_dataset(writer_, to_.project, to_.dataset);
  }
  const std::string place = dataset ? text_of(*dataset, "location") : "";
  if (ascii_lower(place) == ascii_lower(location_)) return;
  throw Error(ErrorKind::kInvalidConfig,
              "the dataset " + to_.project + "." + to_.dataset + " is in " + place +
                  ", and the source " + from_.to_string() + " is in " + location_ +
                  ": BigQuery copies within one location; name another dataset, which is made in " +
                  location_);
}

void Copying::make_copy() {
  std::optional<Json> resource = find_table(writer_, to_);
  if (!resource) {
    create_table(writer_, to_,
                 {{"schema", {{"fields", copied_fields(source_fields_)}}},
                  {"timePartitioning", {{"type", "DAY"}, {"field", request_.time_column}}},
                  {"labels", {{"finops", "copy"}}},
                  {"description", "Copy of " + from_.to_string() + ", kept equal by finops"}});
    resource = find_table(writer_, to_);
    if (!resource) {
      throw Error(ErrorKind::kUnknownOutcome,
                  "the table " + to_.to_string() + " was created and is not there");
    }
  }
  check_partitions(resource->value("timePartitioning", Json::object()));
  copy_ = with_all_columns(std::move(*resource));
}

void Copying::check_partitions(const Json& partitioning) {
  if (text_of(partitioning, "type") != "DAY" ||
      ascii_lower(text_of(partitioning, "field")) != ascii_lower(request_.time_column)) {
    throw Error(ErrorKind::kUnsupported,
                "the table " + to_.to_string() + " is not partitioned by the day of " +
                    request_.time_column +
                    ", so no day of it can be replaced as a whole: rename it, or name another "
                    "table for the copy, which finops makes");
  }
  if (!text_of(partitioning, "expirationMs").empty()) {
    report_.notes.push_back("the partitions of " + to_.to_string() +
                            " expire: days that BigQuery removed are copied again while they are "
                            "looked at");
  }
}

/// Adds what the source has more. Somebody else may do the same meanwhile.
Json Copying::with_all_columns(Json resource) {
  constexpr int kPatches = 5;
  for (int n = 1;; ++n) {
    const Json fields = resource.value("schema", Json::object()).value("fields", Json::array());
    const MergedFields merged = merge_fields(fields, source_fields_);
    if (!merged.conflicts.empty()) {
      throw Error(ErrorKind::kUnsupported,
                  "the table " + to_.to_string() +
                      " does not fit its source any more: " + joined(merged.conflicts) +
                      ". Rename it, or name another table for the copy, which is then made anew");
    }
    if (merged.added.empty()) return resource;
    Call call{.method = "PATCH",
              .url = to_.path(),
              .tried = "add columns to " + to_.to_string(),
              .changes_something = true};
    call.headers = {{"if-match", text_of(resource, "etag")}};
    try {
      Json patched = writer_.tell(call, {{"schema", {{"fields", merged.fields}}}});
      report_.notes.push_back("new columns: " + joined(merged.added));
      return patched;
    } catch (const Error& error) {
      const bool is_known =
          error.kind() != ErrorKind::kConflict && error.kind() != ErrorKind::kUnknownOutcome;
      if (is_known || n == kPatches) throw;
    }
    resource = writer_.ask({.url = to_.path(), .tried = "look at the table " + to_.to_string()});
  }
}

/// Of a process that was killed, or that lost its lease and does not know it yet: without its
/// staging tables none of its days can be published any more, and what it has begun is waited for.
void Copying::end_earlier_copies() {
  for (const std::string& name :
       tables_with_prefix(writer_, to_.project, to_.dataset, staging_prefix(to_))) {
    remove_table(writer_, {to_.project, to_.dataset, name});
  }
  writing().wait_for_earlier(publishing_prefix(),
                             "wait for earlier jobs that copy into " + to_.to_string());
}

// ---- what differs

std::vector<TimeRange> Copying::wanted_range() const {
  if (request_.only_day) return ranges_of({*request_.only_day});
  if (!request_.first_day) return {TimeRange{}};
  return {{.from = *request_.first_day - std::chrono::days(request_.look_back_days), .to = {}}};
}

DaySums Copying::sums(Jobs jobs, const RowSource& of, const std::vector<TimeRange>& ranges) {
  DaySums sums = as(jobs.client(), [&] { return read_day_sums(jobs, of, ranges); });
  note_job(jobs.client(), sums.job);
  return sums;
}

void Copying::note_job(const Client& client, const FinishedJob& job) {
  report_.jobs.push_back(job.id);
  const std::uint64_t bytes = job.bytes_billed();
  if (bytes > 0) report_.bytes_billed[client.options().project_id] += bytes;
}

void Copying::compare() {
  const std::vector<TimeRange> range = wanted_range();
  there_ = sums(reading(), source(), range);
  here_ = sums(writing(), as_in(to_), range);
  if (there_.rows_without_time > 0) {
    report_.notes.push_back(std::to_string(there_.rows_without_time) + " rows of the source have " +
                            "no " + request_.time_column +
                            ": they belong to no day and are not in the copy");
  }
  std::map<Day, ComparedDay> days;
  for (const auto& [day, sum] : there_.days) days[day].source_rows = sum.rows;
  for (const auto& [day, sum] : here_.days) days[day].copy_rows = sum.rows;
  for (auto& [day, compared] : days) {
    compared.day = day;
    report_.days.push_back(compared);
  }
}

/// A day of which the source has fewer rows is left alone: its partitions expired, or somebody
/// deleted rows that were there.
bool Copying::is_wanted(Day day) {
  const DaySum there = there_.of(day), here = here_.of(day);
  if (there == here) return false;
  if (there.rows >= here.rows || request_.only_day) return true;
  report_.notes.push_back(to_text(day) + ": the source has " + std::to_string(there.rows) +
                          " rows and the copy " + std::to_string(here.rows) +
                          "; the day was left as it is (name it as the one day to copy, to take it "
                          "as the source has it now)");
  return false;
}

// ---- what is copied

void Copying::replace_days(const std::vector<Day>& days) {
  try {
    copy_days(days);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNotFound) throw;
    throw Error(ErrorKind::kConflict,
                error.what() + (": the source is gone, or another copy into " + to_.to_string()) +
                    " has begun and taken this one's place");
  }
}

void Copying::copy_days(std::vector<Day> days) {
  for (int attempt = 1; !days.empty(); ++attempt) {
    if (attempt > kAttempts) {
      throw Error(ErrorKind::kUnavailable,
                  "copy " + from_.to_string() + ": rows of " + to_text(days.front()) +
                      " change again and again while they are copied; a later run goes on");
    }
    const std::unique_ptr<CopyStaging> staging = filled(days);
    const std::vector<Day> equal = agree(*staging, days);
    for (const Day day : equal) {
      if (is_wanted(day)) publish(staging->table(), day);
    }
    std::erase_if(
        days, [&](Day day) { return std::ranges::binary_search(equal, day) || !is_wanted(day); });
  }
}

/// With the days' rows. A failed attempt's table is given up with all that is in it.
std::unique_ptr<CopyStaging> Copying::filled(const std::vector<Day>& days) {
  return repeat_while_unavailable(writer_, [&] {
    auto staging = std::make_unique<CopyStaging>(writer_, to_, copy_);
    if (report_.way == "server") {
      fill_on_server(*staging, days);
    } else {
      send(*staging, days);
    }
    return staging;
  });
}

void Copying::fill_on_server(const CopyStaging& staging, const std::vector<Day>& days) {
  // Only into an empty table: a job that failed after all it did and the next one never both count.
  const Json configuration = {{"query",
                               {{"query", rows_sql(source(), ranges_of(days))},
                                {"useLegacySql", false},
                                {"destinationTable", staging.table().to_json()},
                                {"writeDisposition", "WRITE_EMPTY"},
                                {"createDisposition", "CREATE_NEVER"}}}};
  Jobs jobs = reading();
  const std::string tried = "copy rows of " + from_.to_string();
  try {
    note_job(reader_, jobs.run(configuration, job_id_prefix(tried), tried));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kAlreadyExists) throw;
    throw Error(ErrorKind::kUnavailable, error.what());
  }
}

void Copying::send(const CopyStaging& staging, const std::vector<Day>& days) {
  const std::string tried = "load rows into " + staging.table().to_string();
  const Json configuration = {{"load",
                               {{"destinationTable", staging.table().to_json()},
                                {"sourceFormat", "NEWLINE_DELIMITED_JSON"},
                                {"writeDisposition", "WRITE_TRUNCATE"},
                                {"createDisposition", "CREATE_NEVER"},
                                {"timePartitioning", staging.resource()["timePartitioning"]},
                                {"schema", staging.resource()["schema"]}}}};
  Jobs from = reading(), to = writing();
  std::optional<ResumableUpload> upload;  // which is nothing without a byte
  const auto take = [&](std::string_view lines) {
    if (lines.empty()) return;
    if (!upload) upload.emplace(to, configuration, new_job_id(job_id_prefix(tried)), tried);
    upload->write(std::as_bytes(std::span(lines)));
  };
  read_rows(from, source(), ranges_of(days), take,
            [&](const FinishedJob& job) { note_job(reader_, job); });
  if (!upload) return;
  upload->finish();
  report_.bytes_sent += upload->bytes();
  note_job(writer_, to.wait(upload->job_id(), tried));
}

/// The days of `staging` that are as the source has them, now if it changed since it was asked.
/// Throws kInvalidData for a day that arrived otherwise than it was sent.
std::vector<Day> Copying::agree(const CopyStaging& staging, const std::vector<Day>& days) {
  const std::vector<TimeRange> ranges = ranges_of(days);
  const DaySums staged = sums(writing(), as_in(staging.table()), ranges);
  const auto is_equal = [&](Day day) { return staged.of(day) == there_.of(day); };
  if (!std::ranges::all_of(days, is_equal)) {
    const DaySums now = sums(reading(), source(), ranges);
    for (const Day day : days) {
      const DaySum before = std::exchange(there_.days[day], now.of(day));
      if (is_equal(day) || before != now.of(day)) continue;
      throw Error(
          ErrorKind::kInvalidData,
          "copy " + from_.to_string() + ": of " + to_text(day) + " the source has " +
              std::to_string(before.rows) + " rows, and " + std::to_string(staged.of(day).rows) +
              (staged.of(day).rows == before.rows ? ", with other values," : "") + " arrived in " +
              staging.table().to_string() + "; nothing of it was published");
    }
  }
  std::vector<Day> equal;
  std::ranges::copy_if(days, std::back_inserter(equal), is_equal);
  return equal;
}

void Copying::publish(const TableRef& staging, Day day) {
  if (request_.before_publish) request_.before_publish();
  std::string partition = to_text(day);
  std::erase(partition, '-');
  const std::string tried = "publish " + to_text(day) + " in " + to_.to_string();
  TableRef to = to_;
  to.table += "$" + partition;
  if (there_.of(day).rows == 0) {
    // There is no partition that could be copied.
    writer_.ask({.method = "DELETE", .url = to.path(), .tried = tried, .changes_something = true});
  } else {
    TableRef from = staging;
    from.table += "$" + partition;
    const Json configuration = {{"copy",
                                 {{"sourceTable", from.to_json()},
                                  {"destinationTable", to.to_json()},
                                  {"writeDisposition", "WRITE_TRUNCATE"},
                                  {"createDisposition", "CREATE_NEVER"}}}};
    Jobs jobs = writing();
    note_job(writer_, jobs.run(configuration, publishing_prefix(), tried));
  }
  copied_.push_back(day);
  report_.rows_copied += there_.of(day).rows;
}

/// What the report claims: the copy itself has what the source had.
void Copying::check_copied() {
  if (copied_.empty()) return;
  const DaySums copied = sums(writing(), as_in(to_), ranges_of(copied_));
  for (const Day day : copied_) {
    if (copied.of(day) == there_.of(day)) continue;
    throw Error(ErrorKind::kInvalidData,
                to_.to_string() + " has " + std::to_string(copied.of(day).rows) + " rows of " +
                    to_text(day) + " that are not the " + std::to_string(there_.of(day).rows) +
                    " rows which were copied: somebody else writes into this table");
  }
}

void Copying::tell_days() {
  for (ComparedDay& day : report_.days) {
    day.is_copied = std::ranges::binary_search(copied_, day.day);
  }
  if (report_.days.empty()) return;
  const std::vector<TimeRange> range = wanted_range();
  report_.from = range.front().from ? std::chrono::floor<std::chrono::days>(*range.front().from)
                                    : report_.days.front().day;
  report_.to = report_.days.back().day + kOneDay;
  if (request_.only_day || there_.days.empty()) return;
  // A day after which nothing has come yet may not be over, whatever the clock says: an export
  // that stands still goes on with the days that it owes.
  report_.finished_until = std::min(*there_.today, there_.days.rbegin()->first + kOneDay);
}

class BigQueryTableCopier : public TableCopier {
 public:
  BigQueryTableCopier(BigQueryCopyOptions options, std::shared_ptr<HttpClient> http,
                      std::shared_ptr<GoogleCredentialProvider> reader,
                      std::shared_ptr<GoogleCredentialProvider> writer, Clock& clock)
      : options_(std::move(options)),
        http_(std::move(http)),
        reader_(std::move(reader)),
        writer_(std::move(writer)),
        clock_(clock) {}

  std::string name() const override { return "BigQuery at " + client_options("").endpoint_url; }

  TableCopyReport copy(const TableCopyRequest& request) override {
    for (const TablePath* path : {&request.source, &request.destination}) {
      check_project_name(path->project);
      check_dataset_name(path->dataset);
      check_table_name(path->table);
    }
    const std::string paying =
        options_.read_project.empty() ? request.source.project : options_.read_project;
    Client reader(client_options(paying), http_, reader_ ? reader_ : writer_, clock_);
    Client writer(client_options(options_.project_id), http_, writer_, clock_);
    return Copying(reader, writer, reader_ == nullptr,
                   static_cast<std::size_t>(std::max(options_.days_at_once, 1)), request)
        .run();
  }

 private:
  ClientOptions client_options(const std::string& project) const {
    ClientOptions options{.project_id = project,
                          .retry = options_.retry,
                          .retry_budget = options_.retry_budget,
                          .stop = options_.stop};
    if (!options_.endpoint_url.empty()) options.endpoint_url = options_.endpoint_url;
    return options;
  }

  const BigQueryCopyOptions options_;
  const std::shared_ptr<HttpClient> http_;
  const std::shared_ptr<GoogleCredentialProvider> reader_, writer_;
  Clock& clock_;
};

}  // namespace

std::unique_ptr<TableCopier> make_bigquery_table_copier(
    const BigQueryCopyOptions& options, std::shared_ptr<HttpClient> http,
    std::shared_ptr<GoogleCredentialProvider> reader,
    std::shared_ptr<GoogleCredentialProvider> writer, Clock& clock) {
  check_project_name(options.project_id);
  if (!options.read_project.empty()) check_project_name(options.read_project);
  return std::make_unique<BigQueryTableCopier>(options, std::move(http), std::move(reader),
                                               std::move(writer), clock);
}

}  // namespace finops
