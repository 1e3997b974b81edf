#include "finops/warehouses/bigquery/table_copying.h"

#include <algorithm>
#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/core/date_text.h"
#include "finops/core/error.h"
#include "finops/warehouses/bigquery/bigquery_places.h"
#include "finops/warehouses/bigquery/bigquery_upload.h"
#include "finops/warehouses/bigquery/copied_schema.h"
#include "finops/warehouses/bigquery/copy_destination.h"

namespace finops::bigquery {
namespace {

constexpr auto kOneDay = std::chrono::days(1);

/// A source that changes while it is copied is asked again so often.
constexpr int kAttempts = 3;

}  // namespace

/// What `client` does, of which a refusal says what it takes.
template <typename Action>
auto TableCopying::as(const Client& client, Action action) {
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

TableCopyReport TableCopying::run() {
  as(reader_, [&] { look_at_source(); });
  as(writer_, [&] { prepare_copy(); });
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

void TableCopying::look_at_source() {
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

RowSource TableCopying::source() const {
  RowSource source = as_in(from_);
  source.is_by_arrival = is_by_arrival_;
  if (request_.only_day) {
    const auto latest = std::max(request_.look_back_days, 10) + 2;
    source.latest_arrival = *request_.only_day + std::chrono::days(latest);
  }
  return source;
}

// ---- the copy

void TableCopying::prepare_copy() {
  copy_ = provide_copy(writer_, to_,
                       {.source = from_,
                        .location = location_,
                        .time_column = request_.time_column,
                        .source_fields = source_fields_},
                       report_.notes);
  end_earlier_copies();
  if (!transform_) return;
  transform_->begin(row_columns(source_fields_));
  kept_.emplace(writing(), to_);
  known_ = kept_->read();
}

/// Of a process that was killed, or that lost its lease and does not know it yet: without its
/// staging tables none of its days can be published any more, and what it has begun is waited for.
void TableCopying::end_earlier_copies() {
  for (const std::string& name :
       tables_with_prefix(writer_, to_.project, to_.dataset, staging_prefix(to_))) {
    remove_table(writer_, {to_.project, to_.dataset, name});
  }
  writing().wait_for_earlier(publishing_prefix(),
                             "wait for earlier jobs that copy into " + to_.to_string());
}

// ---- what differs

std::vector<TimeRange> TableCopying::wanted_range() const {
  if (request_.only_day) return ranges_of({*request_.only_day});
  if (!request_.first_day) return {TimeRange{}};
  return {{.from = *request_.first_day - std::chrono::days(request_.look_back_days), .to = {}}};
}

DaySums TableCopying::sums(Jobs jobs, const RowSource& of, const std::vector<TimeRange>& ranges) {
  DaySums sums = as(jobs.client(), [&] { return read_day_sums(jobs, of, ranges); });
  note_job(jobs.client(), sums.job);
  return sums;
}

void TableCopying::note_job(const Client& client, const FinishedJob& job) {
  report_.jobs.push_back(job.id);
  const std::uint64_t bytes = job.bytes_billed();
  if (bytes > 0) report_.bytes_billed[client.options().project_id] += bytes;
}

void TableCopying::compare() {
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

/// Whether the copy has what the source has, or what the transform made of that.
bool TableCopying::is_current(Day day) const {
  const DaySum there = there_.of(day), here = here_.of(day);
  if (!transform_) return there == here;
  const auto known = known_.find(day);
  return known != known_.end() &&
         known->second ==
             TransformedDay{.source = there, .copy = here, .version = transform_->version()};
}

/// Fewer rows in the source than this are rows that were there.
std::uint64_t TableCopying::rows_before(Day day) const {
  if (!transform_) return here_.of(day).rows;
  const auto known = known_.find(day);
  return known != known_.end() ? known->second.source.rows : 1;
}

/// A day of which the source has fewer rows is left alone: its partitions expired, or somebody
/// deleted rows that were there.
bool TableCopying::is_wanted(Day day) {
  if (is_current(day)) return false;
  const std::uint64_t there = there_.of(day).rows, before = rows_before(day);
  if (there >= before || request_.only_day) return true;
  report_.notes.push_back(date_text(day) + ": the source has " + std::to_string(there) +
                          " rows, and there were " + std::to_string(before) +
                          "; the day was left as it is (name it as the one day to copy, to take it "
                          "as the source has it now)");
  return false;
}

// ---- what is copied

void TableCopying::replace_days(const std::vector<Day>& days) {
  try {
    copy_days(days);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNotFound) throw;
    throw Error(ErrorKind::kConflict,
                error.what() + (": the source is gone, or another copy into " + to_.to_string()) +
                    " has begun and taken this one's place");
  }
}

void TableCopying::copy_days(std::vector<Day> days) {
  for (int attempt = 1; !days.empty(); ++attempt) {
    if (attempt > kAttempts) {
      throw Error(ErrorKind::kUnavailable,
                  "copy " + from_.to_string() + ": rows of " + date_text(days.front()) +
                      " change again and again while they are copied; a later run goes on");
    }
    const std::unique_ptr<CopyStaging> staging = filled(days);
    const std::vector<Day> equal = agree(*staging, days);
    std::vector<Day> ready;
    std::ranges::copy_if(equal, std::back_inserter(ready), [&](Day day) { return is_wanted(day); });
    if (transform_) {
      publish_changed(*staging, ready);
    } else {
      for (const Day day : ready) publish(staging->table(), day, there_.of(day));
    }
    std::erase_if(
        days, [&](Day day) { return std::ranges::binary_search(equal, day) || !is_wanted(day); });
  }
}

/// With the days' rows. A failed attempt's table is given up with all that is in it.
std::unique_ptr<CopyStaging> TableCopying::filled(const std::vector<Day>& days) {
  return repeat_while_unavailable(writer_, [&] {
    auto staging = std::make_unique<CopyStaging>(writer_, to_, copy_);
    if (is_on_server_) {
      fill_on_server(*staging, days);
    } else {
      send(*staging, days);
    }
    return staging;
  });
}

void TableCopying::fill_on_server(const CopyStaging& staging, const std::vector<Day>& days) {
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

void TableCopying::send(const CopyStaging& staging, const std::vector<Day>& days) {
  Jobs jobs = reading();
  load(staging, [&](const TakeLines& take) {
    read_rows(jobs, source(), ranges_of(days), Nulls::kLeftOut, take,
              [&](const FinishedJob& job) { note_job(reader_, job); });
  });
}

/// Loads what `give` gives into an empty table.
void TableCopying::load(const CopyStaging& staging,
                        const std::function<void(const TakeLines&)>& give) {
  const std::string tried = "load rows into " + staging.table().to_string();
  const Json configuration = {{"load",
                               {{"destinationTable", staging.table().to_json()},
                                {"sourceFormat", "NEWLINE_DELIMITED_JSON"},
                                {"writeDisposition", "WRITE_TRUNCATE"},
                                {"createDisposition", "CREATE_NEVER"},
                                {"timePartitioning", staging.resource()["timePartitioning"]},
                                {"schema", staging.resource()["schema"]}}}};
  Jobs jobs = writing();
  std::optional<ResumableUpload> upload;  // which is nothing without a byte
  give([&](std::string_view lines) {
    if (lines.empty()) return;
    if (!upload) upload.emplace(jobs, configuration, new_job_id(job_id_prefix(tried)), tried);
    upload->write(std::as_bytes(std::span(lines)));
  });
  if (!upload) return;
  upload->finish();
  report_.bytes_sent += upload->bytes();
  note_job(writer_, jobs.wait(upload->job_id(), tried));
}

/// The days of `staging` that are as the source has them, now if it changed since it was asked.
/// Throws kInvalidData for a day that arrived otherwise than it was sent.
std::vector<Day> TableCopying::agree(const CopyStaging& staging, const std::vector<Day>& days) {
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
          "copy " + from_.to_string() + ": of " + date_text(day) + " the source has " +
              std::to_string(before.rows) + " rows, and " + std::to_string(staged.of(day).rows) +
              (staged.of(day).rows == before.rows ? ", with other values," : "") + " arrived in " +
              staging.table().to_string() + "; nothing of it was published");
    }
  }
  std::vector<Day> equal;
  std::ranges::copy_if(days, std::back_inserter(equal), is_equal);
  return equal;
}

void TableCopying::publish(const TableRef& staging, Day day, const DaySum& sum) {
  if (request_.before_publish) request_.before_publish();
  std::string partition = date_text(day);
  std::erase(partition, '-');
  const std::string tried = "publish " + date_text(day) + " in " + to_.to_string();
  TableRef to = to_;
  to.table += "$" + partition;
  if (sum.rows == 0) {
    // There is no partition that could be copied.
    remove_table(writer_, to);
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
  copied_[day] = sum;
  report_.rows_copied += sum.rows;
}

// ---- rows that are changed on their way

/// The rows that the transform gave.
std::uint64_t TableCopying::change(const CopyStaging& raw, const CopyStaging& changed,
                                   const std::vector<Day>& days) {
  Jobs jobs = writing();
  std::uint64_t rows = 0;
  std::string made;
  load(changed, [&](const TakeLines& take) {
    const auto apply = [&](std::string_view lines) {
      made.clear();
      if (!lines.empty()) rows += transform_->apply(lines, made);
      take(made);
    };
    read_rows(jobs, as_in(raw.table()), ranges_of(days), Nulls::kWritten, apply,
              [&](const FinishedJob& job) { note_job(writer_, job); });
  });
  return rows;
}

void TableCopying::check_changed(const DaySums& made, std::uint64_t rows,
                                 const std::vector<Day>& days) const {
  std::uint64_t arrived = made.rows_without_time;
  for (const auto& [day, sum] : made.days) arrived += sum.rows;
  if (arrived != rows) {
    throw Error(ErrorKind::kInvalidData, transform_->name() + " gave " + std::to_string(rows) +
                                             " rows, and " + std::to_string(arrived) + " arrived");
  }
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::kInvalidConfig, transform_->name() + " " + what + " of " +
                                               request_.source.to_string() +
                                               "; nothing of it was published");
  };
  if (made.rows_without_time > 0) refuse("takes " + request_.time_column + " away from rows");
  for (const auto& [day, sum] : made.days) {
    if (!std::ranges::binary_search(days, day)) refuse("moves rows to " + date_text(day));
  }
  if (transform_->may_change_rows()) return;
  for (const Day day : days) {
    if (made.of(day).rows == there_.of(day).rows) continue;
    refuse("makes " + std::to_string(made.of(day).rows) + " rows of the " +
           std::to_string(there_.of(day).rows) + " of " + date_text(day) +
           ", which only a text that begins with the line '-- rows may change' may: it is no copy");
  }
}

void TableCopying::publish_changed(const CopyStaging& raw, const std::vector<Day>& days) {
  if (days.empty()) return;
  std::uint64_t rows = 0;
  const std::unique_ptr<CopyStaging> changed = repeat_while_unavailable(writer_, [&] {
    auto staging = std::make_unique<CopyStaging>(writer_, to_, copy_);
    rows = change(raw, *staging, days);
    return staging;
  });
  const DaySums made = sums(writing(), as_in(changed->table()), {TimeRange{}});
  check_changed(made, rows, days);
  std::map<Day, TransformedDay> written;
  for (const Day day : days) {
    publish(changed->table(), day, made.of(day));
    written[day] = {
        .source = there_.of(day), .copy = made.of(day), .version = transform_->version()};
  }
  kept_->write(written);
}

// ---- what is told

/// What the report claims: the copy itself has what was published.
void TableCopying::check_copied() {
  if (copied_.empty()) return;
  std::vector<Day> days;
  for (const auto& [day, sum] : copied_) days.push_back(day);
  const DaySums found = sums(writing(), as_in(to_), ranges_of(days));
  for (const auto& [day, sum] : copied_) {
    if (found.of(day) == sum) continue;
    throw Error(ErrorKind::kInvalidData,
                to_.to_string() + " has " + std::to_string(found.of(day).rows) + " rows of " +
                    date_text(day) + " that are not the " + std::to_string(sum.rows) +
                    " rows which were copied: somebody else writes into this table");
  }
}

void TableCopying::tell_days() {
  for (ComparedDay& day : report_.days) {
    day.is_copied = copied_.contains(day.day);
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

}  // namespace finops::bigquery
