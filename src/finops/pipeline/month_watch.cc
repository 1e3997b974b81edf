#include "finops/pipeline/month_watch.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

std::string text_in(const Json& json, const char* key) {
  return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
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
  std::vector<MonthChange> changes = untold();
  const std::vector<MonthChange> fresh = closed_month_changes(report);
  changes.insert(changes.end(), fresh.begin(), fresh.end());
  if (changes.empty()) return;
  if (!fresh.empty()) remember(changes);
  Notification news{.event = Notification::Event::kClosedMonthChanged, .time = clock_.now()};
  news.host = host_;
  news.changes = std::move(changes);
  notifier_.send(news, std::move(stop));
  state_.remove(kUntold);
}

std::vector<MonthChange> MonthWatch::untold() const {
  constexpr std::uint64_t kLongest = 16 << 20;
  std::vector<MonthChange> changes;
  if (!state_.stat(kUntold)) return changes;
  const Json document = Json::parse(read_all(state_, kUntold, kLongest), nullptr, false);
  if (!document.is_object() || !document.contains("changes")) return changes;
  for (const Json& one : document["changes"]) {
    if (!one.is_object()) continue;
    MonthChange change{text_in(one, "source"),
                       text_in(one, "billing_period"),
                       text_in(one, "from"),
                       text_in(one, "to"),
                       {}};
    if (one.contains("amounts") && one["amounts"].is_object()) {
      for (const auto& [currency, amount] : one["amounts"].items()) {
        if (amount.is_string()) change.amounts[currency] = amount.get<std::string>();
      }
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

void MonthWatch::remember(const std::vector<MonthChange>& changes) {
  Json list = Json::array();
  for (const MonthChange& one : changes) {
    list.push_back({{"source", one.source},
                    {"billing_period", one.billing_period},
                    {"from", one.from},
                    {"to", one.to},
                    {"amounts", one.amounts}});
  }
  const Json document = {{"changes", std::move(list)}};
  put_text(state_, kUntold, document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace finops
