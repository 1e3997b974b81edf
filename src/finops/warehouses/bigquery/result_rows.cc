#include "finops/warehouses/bigquery/result_rows.h"

#include "finops/core/error.h"

namespace finops::bigquery {
namespace {

/// A page whose body a proxy cut or replaced is asked for so often.
constexpr int kReadings = 3;

bool is_too_large(const Error& error) {
  return error.kind() == ErrorKind::kUnsupported &&
         std::string_view(error.what()).find("responseTooLarge") != std::string_view::npos;
}

RowPage read_page(Client& client, const Call& call, const std::vector<RowField>& fields,
                  Nulls nulls, std::string& lines) {
  for (int reading = 1;; ++reading) {
    try {
      return append_lines(client.read(call), fields, nulls, lines);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInvalidData) throw;
      if (reading == kReadings) throw error.within(call.tried);
    }
  }
}

std::uint64_t read_pages(Jobs& jobs, const FinishedJob& job, const std::vector<RowField>& fields,
                         Nulls nulls, const std::string& tried, const TakeLines& take) {
  Client& client = jobs.client();
  std::uint64_t rows = 0;
  std::string lines, next;
  do {
    Call call{.url = api_path(client.options().project_id, {"queries", job.id}),
              .query = {{"timeoutMs", "10000"}, {"formatOptions.useInt64Timestamp", "true"}},
              .tried = tried};
    if (!job.location.empty()) call.query.emplace_back("location", job.location);
    if (const std::size_t most = client.options().rows_at_once; most > 0) {
      call.query.emplace_back("maxResults", std::to_string(most));
    }
    if (!next.empty()) call.query.emplace_back("pageToken", next);
    lines.clear();
    const RowPage page = read_page(client, call, fields, nulls, lines);
    rows += page.rows;
    if (page.next.empty() && rows != page.total_rows) {
      throw Error(ErrorKind::kInvalidData, tried + ": there are " + std::to_string(rows) +
                                               " rows on all pages and not " +
                                               std::to_string(page.total_rows));
    }
    next = page.next;
    take(lines);
  } while (!next.empty());
  return rows;
}

/// The ranges' first and second half, by time; nothing when they are too short.
std::vector<std::vector<TimeRange>> halves_of(const std::vector<TimeRange>& ranges) {
  constexpr auto kShortest = std::chrono::seconds(1);
  if (ranges.size() > 1) {
    const auto middle = ranges.begin() + static_cast<std::ptrdiff_t>(ranges.size() / 2);
    return {{ranges.begin(), middle}, {middle, ranges.end()}};
  }
  const TimeRange& range = ranges.front();
  if (*range.to - *range.from < 2 * kShortest) return {};
  const Micros middle = *range.from + (*range.to - *range.from) / 2;
  return {{{.from = range.from, .to = middle}}, {{.from = middle, .to = range.to}}};
}

}  // namespace

std::uint64_t read_rows(Jobs& jobs, const RowSource& source, const std::vector<TimeRange>& ranges,
                        Nulls nulls, const TakeLines& take, const NoteJob& note) {
  const std::string tried = "read rows of " + source.table.to_string();
  const Json configuration = {
      {"query", {{"query", rows_sql(source, ranges)}, {"useLegacySql", false}}}};
  std::optional<FinishedJob> job;
  try {
    job = jobs.run(configuration, job_id_prefix("rows of " + source.table.to_string()), tried);
  } catch (const Error& error) {
    const auto halves = halves_of(ranges);
    if (!is_too_large(error) || halves.empty()) throw;
    std::uint64_t rows = 0;
    for (const auto& half : halves) rows += read_rows(jobs, source, half, nulls, take, note);
    return rows;
  }
  note(*job);
  return read_pages(jobs, *job, row_fields(source.fields), nulls, tried, take);
}

}  // namespace finops::bigquery
