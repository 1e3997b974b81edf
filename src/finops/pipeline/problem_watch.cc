#include "finops/pipeline/problem_watch.h"

#include <algorithm>
#include <utility>

#include "finops/pipeline/kept_list.h"

namespace finops {
namespace {

using Json = KeptList::Json;

constexpr const char* kStale = "stale";
constexpr const char* kQuarantined = "quarantined";
constexpr const char* kProblems = "problems";  // of kTold

bool is_new(const PartitionReport& report) {
  return report.outcome == Outcome::kLoaded || report.outcome == Outcome::kReplaced;
}

std::optional<Problem> problem_of(const PartitionReport& report, TimePoint now) {
  Problem problem{report.id.source, report.id.partition, "", report.message, now};
  switch (report.outcome) {
    case Outcome::kFailed: problem.kind = to_string(report.error_kind); break;
    case Outcome::kRefused:
    case Outcome::kEmptyWithheld: problem.kind = to_string(report.outcome); break;
    default:
      if (!is_new(report) || report.quarantined_rows == 0) return std::nullopt;
      problem.kind = kQuarantined;
      problem.message = std::to_string(report.quarantined_rows) + " of " +
                        std::to_string(report.source_rows) + " rows went to quarantine";
  }
  return problem;
}

/// It is there until a later run finds it gone; rows in quarantine just happened.
bool lasts(const Problem& problem) { return problem.kind != kQuarantined; }

bool contains(const std::vector<Problem>& problems, const Problem& wanted) {
  return std::ranges::any_of(problems,
                             [&](const Problem& problem) { return is_same(problem, wanted); });
}

bool has_failed_as_a_whole(const std::string& source, const RunReport& report) {
  return std::ranges::any_of(report.partitions, [&](const PartitionReport& one) {
    return one.id.source == source && one.id.partition.empty() && one.outcome == Outcome::kFailed;
  });
}

const PartitionReport* find(const RunReport& report, const Problem& problem) {
  for (const PartitionReport& one : report.partitions) {
    const bool is_it =
        one.id.source == problem.source && one.id.partition == problem.billing_period;
    if (is_it) return &one;
  }
  return nullptr;
}

bool is_period_looked_at(const Problem& old, const RunEnd& end) {
  const auto period = BillingPeriod::parse(old.billing_period);
  const PeriodRange range{end.selection.first, end.selection.last};
  if (period && !range.contains(*period)) return false;
  const PartitionReport* now = find(end.report, old);
  if (now == nullptr) return true;
  if (now->outcome == Outcome::kLocked) return false;
  return old.kind != kQuarantined || is_new(*now);
}

/// From what was told to what this run found.
struct Change {
  bool is_any = false;
  Notification news;
  std::vector<Problem> problems;  // now
};

Change compare(const std::vector<Problem>& before, const RunEnd& end, TimePoint now) {
  Change change{.news = {.time = now}, .problems = problems_of(end, now)};
  Notification& news = change.news;
  for (Problem& problem : change.problems) {
    const auto known =
        std::ranges::find_if(before, [&](const Problem& old) { return is_same(old, problem); });
    if (known != before.end()) problem.since = known->since;
    if (known == before.end()) {
      news.fresh.push_back(problem);
    } else if (lasts(problem)) {
      news.remaining.push_back(problem);
    }
  }
  change.is_any = !news.fresh.empty();
  for (const Problem& old : before) {
    if (contains(change.problems, old)) continue;
    const bool is_over = was_looked_at(old, end, now);
    change.is_any |= is_over;
    if (!is_over) change.problems.push_back(old);
    if (lasts(old)) (is_over ? news.solved : news.remaining).push_back(old);
  }
  using Event = Notification::Event;
  if (news.fresh.empty()) {
    news.event = news.remaining.empty() ? Event::kRecovered : Event::kFewerProblems;
  }
  return change;
}

}  // namespace

std::vector<Problem> problems_of(const RunEnd& end, TimePoint now) {
  std::vector<Problem> problems;
  const auto add = [&problems](Problem problem) {
    // Two manifests of one period may fail in the same way: the first one's message stands.
    if (!contains(problems, problem)) problems.push_back(std::move(problem));
  };
  if (end.error) {
    const ErrorKind kind = end.error->kind();
    const bool is_none = kind == ErrorKind::kLocked || kind == ErrorKind::kCancelled;
    if (!is_none) add({"", "", std::string(to_string(kind)), end.error->what(), now});
  }
  for (const PartitionReport& report : end.report.partitions) {
    if (auto problem = problem_of(report, now)) add(std::move(*problem));
  }
  for (const StaleSource& stale : end.report.stale) {
    add({stale.source, "", kStale, stale.describe(), now});
  }
  return problems;
}

bool was_looked_at(const Problem& old, const RunEnd& end, TimePoint now) {
  // A run that an error ended says nothing of anything but itself.
  if (end.error) return old.source.empty() && !problems_of(end, now).empty();
  if (old.source.empty()) return true;
  const auto& sources = end.selection.sources;
  if (!sources.empty() && std::ranges::find(sources, old.source) == sources.end()) return false;
  const bool is_of_whole = old.billing_period.empty() && old.kind != kStale;
  if (has_failed_as_a_whole(old.source, end.report)) return is_of_whole;
  if (old.kind == kStale) {
    return can_judge_freshness({end.selection.first, end.selection.last}, now);
  }
  return is_of_whole || is_period_looked_at(old, end);
}

ProblemWatch::ProblemWatch(ObjectStore& state, Notifier& notifier, Clock& clock, std::string host)
    : state_(state), notifier_(notifier), clock_(clock), host_(std::move(host)) {}

void ProblemWatch::end_of_run(const RunEnd& end, std::stop_token stop) {
  Change change = compare(told(), end, clock_.now());
  if (!change.is_any) return;
  change.news.host = host_;
  if (!change.news.fresh.empty() || !change.news.solved.empty()) {
    notifier_.send(change.news, std::move(stop));
  }
  remember(change.problems);
}

std::vector<Problem> ProblemWatch::told() const {
  std::vector<Problem> problems;
  for (const Json& one : KeptList(state_, kTold, kProblems).read()) {
    Problem problem{
        text_in(one, "source"), text_in(one, "billing_period"), text_in(one, "kind"), "", {}};
    if (one.contains("since_ms") && one["since_ms"].is_number_integer()) {
      problem.since = TimePoint(Duration(one["since_ms"].get<std::int64_t>()));
    }
    problems.push_back(std::move(problem));
  }
  return problems;
}

void ProblemWatch::remember(const std::vector<Problem>& problems) {
  Json list = Json::array();
  for (const Problem& problem : problems) {
    list.push_back({{"source", problem.source},
                    {"billing_period", problem.billing_period},
                    {"kind", problem.kind},
                    {"since_ms", problem.since.time_since_epoch().count()}});
  }
  KeptList(state_, kTold, kProblems).write(std::move(list));
}

}  // namespace finops
