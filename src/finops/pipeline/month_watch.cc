#include "finops/pipeline/month_watch.h"

#include <utility>

#include "finops/pipeline/kept_list.h"

namespace finops {
namespace {

using Json = KeptList::Json;

Json json_of(const MonthChange& change) {
  return {{"source", change.source},
          {"billing_period", change.billing_period},
          {"from", change.from},
          {"to", change.to},
          {"amounts", change.amounts}};
}

MonthChange change_of(const Json& json) {
  MonthChange change{text_in(json, "source"),
                     text_in(json, "billing_period"),
                     text_in(json, "from"),
                     text_in(json, "to"),
                     {}};
  if (!json.contains("amounts") || !json["amounts"].is_object()) return change;
  for (const auto& [currency, amount] : json["amounts"].items()) {
    if (amount.is_string()) change.amounts[currency] = amount.get<std::string>();
  }
  return change;
}

}  // namespace

std::vector<MonthChange> closed_month_changes(const RunReport& report) {
  std::vector<MonthChange> changes;
  for (const PartitionReport& one : report.partitions) {
    if (!one.cost_change || !one.cost_change->has_moved_closed_month()) continue;
    MonthChange change{
        one.id.source, one.id.partition, one.cost_change->replaced_version, one.id.version, {}};
    for (const auto& [currency, sum] : one.cost_change->moved()) {
      change.amounts[currency] = sum.to_string();
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

MonthWatch::MonthWatch(ObjectStore& state, Notifier& notifier, Clock& clock, std::string host)
    : state_(state), notifier_(notifier), clock_(clock), host_(std::move(host)) {}

void MonthWatch::end_of_run(const RunReport& report, std::stop_token stop) {
  KeptList untold(state_, kUntold, "changes");
  std::vector<MonthChange> changes;
  for (const Json& json : untold.read()) changes.push_back(change_of(json));
  const std::vector<MonthChange> fresh = closed_month_changes(report);
  changes.insert(changes.end(), fresh.begin(), fresh.end());
  if (changes.empty()) return;
  if (!fresh.empty()) {
    Json list = Json::array();
    for (const MonthChange& change : changes) list.push_back(json_of(change));
    untold.write(std::move(list));
  }
  Notification news{.event = Notification::Event::kClosedMonthChanged, .time = clock_.now()};
  news.host = host_;
  news.changes = std::move(changes);
  notifier_.send(news, std::move(stop));
  untold.remove();
}

}  // namespace finops
