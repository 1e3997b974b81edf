#include "finops/jobs/copy_job.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "finops/core/date_text.h"
#include "finops/core/error.h"

namespace finops::jobs {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostListed = 400;  // of a report, which is one cell of the journal

journal::ClientConfiguration client_of(journal::JobJournal& journal,
                                       const std::string& organization_id) {
  auto client = journal.client(organization_id);
  if (client && client->is_enabled) return std::move(*client);
  throw Error(ErrorKind::kNotFound,
              client ? "the organisation is not enabled" : "there is no such organisation");
}

Json report_of(const CopyOrder& order, const TableCopyReport& report) {
  Json days = Json::array(), jobs = Json::array(), notes = Json::array();
  for (const ComparedDay& day : report.days) {
    if (!day.is_copied || days.size() == kMostListed) continue;
    days.push_back(
        {{"day", date_text(day.day)}, {"rows", day.source_rows}, {"rows_before", day.copy_rows}});
  }
  for (const auto& job : report.jobs) {
    if (jobs.size() < kMostListed) jobs.push_back(job);
  }
  for (const auto& note : report.notes) {
    if (notes.size() < kMostListed / 10) notes.push_back(note);
  }
  Json billed = Json::object();
  for (const auto& [project, bytes] : report.bytes_billed) billed[project] = bytes;
  return {{"source", order.source.to_string()},
          {"way", report.way},
          {"days_compared", report.days.size()},
          {"days_copied", std::move(days)},
          {"rows_copied", report.rows_copied},
          {"bytes_sent", report.bytes_sent},
          {"bytes_billed", std::move(billed)},
          {"jobs", std::move(jobs)},
          {"notes", std::move(notes)}};
}

/// A cell of the journal: the long lists go when it is too long.
std::string bounded_text(Json report) {
  constexpr std::size_t kLongest = 60'000;
  std::string text;
  for (const char* list : {"", "jobs", "days_copied", "notes"}) {
    if (*list != 0) report[list] = Json::array({"too many to be kept"});
    text = report.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() <= kLongest) break;
  }
  return text;
}

}  // namespace

journal::Enqueued enqueue_copy(journal::JobJournal& journal, const CopyWish& wish,
                               const std::string& message_id, const std::string& own_project) {
  const CopyOrder order = order_of(client_of(journal, wish.organization_id), wish, own_project);
  return journal.enqueue({.message_id = message_id,
                          .organization_id = wish.organization_id,
                          .destination_table = order.destination.to_string(),
                          .parameters = parameters_of(wish)});
}

JobGain copy_table(journal::JobJournal& journal, const CopyMeans& means, const journal::Job& job,
                   const JobRights& rights) {
  // As it is configured now, which may be another place than when the job came: then its lease
  // would be that of another table.
  const auto client = client_of(journal, job.organization_id);
  const CopyWish wish = wish_of(job.organization_id, job.parameters);
  const CopyOrder order = order_of(client, wish, means.own_project);
  if (order.destination.to_string() != job.destination_table) {
    throw Error(ErrorKind::kInvalidConfig,
                "the organisation's destination was changed from " + job.destination_table +
                    " to " + order.destination.to_string() + "; send the message again");
  }
  require_own_destination(journal.clients(), client, means.own_project);
  TableCopyRequest request{.source = order.source,
                           .destination = order.destination,
                           .location = order.location,
                           .look_back_days = order.look_back_days,
                           .only_day = order.only_day,
                           .before_publish = rights.require_lease};
  const auto mark = journal.watermark(job.organization_id, job.destination_table);
  if (mark && order.is_usual_source)
    request.first_day = std::chrono::floor<std::chrono::days>(*mark);
  if (!order.transform_sql.empty())
    request.transform = means.transform(order.transform_sql, rights.stop);
  const TableCopyReport report = means.copier(order, rights.stop)->copy(request);

  JobGain gain;
  if (report.from && report.to) {
    gain.window = journal::Window{journal::Time(*report.from), journal::Time(*report.to)};
  }
  // One day tells nothing of those before it.
  if (!order.only_day && order.is_usual_source && report.finished_until) {
    gain.watermark = journal::Time(*report.finished_until);
  }
  gain.rows_copied = static_cast<std::int64_t>(report.rows_copied);
  for (const auto& [project, bytes] : report.bytes_billed) {
    gain.bytes_billed += static_cast<std::int64_t>(bytes);
  }
  gain.report = bounded_text(report_of(order, report));
  return gain;
}

}  // namespace finops::jobs
