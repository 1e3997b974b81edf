#include "finops/cli/diff_document.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "finops/cli/json_documents.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

Json delivery_document(const ComparedDelivery& delivery) {
  return {{"execution_id", delivery.id.version},
          {"revision", delivery.revision},
          {"recorded_at", to_iso8601(TimePoint(Duration(delivery.recorded_ms)))},
          {"rows",
           {{"source", delivery.source_rows},
            {"loaded", delivery.loaded_rows},
            {"quarantined", delivery.quarantined_rows}}}};
}

Json change_document(const Change& change) {
  return {{"rows_before", change.rows_before},
          {"rows_after", change.rows_after},
          {"before", change.before.to_string()},
          {"after", change.after.to_string()},
          {"difference", change.difference().to_string()}};
}

Json groups_document(const ChangedGroups& groups) {
  Json document = {{"groups", groups.groups}};
  document.update(change_document(groups.change));
  return document;
}

/// The three, also where there are none.
Json kinds_document(const std::map<LineChangeKind, ChangedGroups>& kinds) {
  Json document;
  for (const auto kind : {LineChangeKind::kNew, LineChangeKind::kGone, LineChangeKind::kChanged}) {
    const auto found = kinds.find(kind);
    document[to_string(kind)] =
        groups_document(found == kinds.end() ? ChangedGroups() : found->second);
  }
  return document;
}

template <typename Item, typename Write>
Json list_document(const ChangeList<Item>& list, const Write& write) {
  Json largest = Json::array();
  for (const Item& item : list.largest) {
    Json one = write(item);
    one.update(change_document(item.change));
    largest.push_back(std::move(one));
  }
  Json document = {{"largest", std::move(largest)}, {"others", nullptr}};
  if (list.other_items > 0) {
    document["others"] = {{"items", list.other_items}};
    document["others"].update(change_document(list.others));
  }
  return document;
}

Json values_document(const ChangeList<ValueChange>& list) {
  return list_document(list, [](const ValueChange& one) {
    return Json{{"value", one.key ? Json(*one.key) : Json()}};
  });
}

Json lines_document(const CurrencyDiff& diff, const std::vector<std::string>& names) {
  Json document = list_document(diff.lines, [&](const LineChange& line) {
    Json key = Json::object();
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (line.key[i]) key[names[i]] = *line.key[i];
    }
    return Json{{"change", to_string(line.kind)},
                {"cause", to_string(line.cause)},
                {"key", std::move(key)},
                {"amount_before", line.amount_before.to_string()},
                {"amount_after", line.amount_after.to_string()}};
  });
  document.update(kinds_document(diff.kinds));
  return document;
}

Json causes_document(const CurrencyDiff& diff) {
  Json causes = Json::object();
  for (const auto& [cause, kinds] : diff.causes) {
    Change sum;
    for (const auto& [kind, groups] : kinds) sum.add(groups.change);
    Json& document = causes[to_string(cause)] = change_document(sum);
    document.update(kinds_document(kinds));
  }
  return causes;
}

/// From receipts: loaded + quarantined = source, in each of the three.
Json total_document(const BillComparison& comparison, const std::string& currency) {
  const auto sums_of = [&](const ComparedDelivery& delivery) {
    const auto sum = delivery.cost.find(currency);
    return sum == delivery.cost.end() ? ReceiptSum() : sum->second;
  };
  const auto document = [](const ReceiptSum& sum) {
    return Json{{"source", sum.source.to_string()},
                {"loaded", sum.loaded.to_string()},
                {"quarantined", sum.quarantined.to_string()}};
  };
  const ReceiptSum before = sums_of(comparison.from), after = sums_of(comparison.to);
  ReceiptSum difference = after;
  difference.source.subtract(before.source);
  difference.loaded.subtract(before.loaded);
  difference.quarantined.subtract(before.quarantined);
  return {{"before", document(before)},
          {"after", document(after)},
          {"difference", document(difference)}};
}

Json currency_document(const BillComparison& comparison, const std::string& currency) {
  Json document = {{"total", total_document(comparison, currency)}};
  const auto found = comparison.diff.currencies.find(currency);
  const CurrencyDiff diff =
      found == comparison.diff.currencies.end() ? CurrencyDiff() : found->second;
  document["causes"] = causes_document(diff);
  Json by = Json::object(), tags = Json::object();
  for (const auto& [name, list] : diff.dimensions) by[name] = values_document(list);
  for (const auto& [name, list] : diff.tags) tags[name] = values_document(list);
  document["by"] = std::move(by);
  document["tags"] = std::move(tags);
  document["lines"] = lines_document(diff, comparison.diff.key_names);
  return document;
}

}  // namespace

std::vector<std::string> currencies_of(const BillComparison& comparison) {
  std::set<std::string> names;
  for (const auto* delivery : {&comparison.from, &comparison.to}) {
    for (const auto& [currency, sum] : delivery->cost) names.insert(currency);
  }
  for (const auto& [currency, diff] : comparison.diff.currencies) names.insert(currency);
  return {names.begin(), names.end()};
}

bool has_changes(const BillComparison& comparison) {
  const ComparedDelivery &from = comparison.from, &to = comparison.to;
  if (from.source_rows != to.source_rows || from.quarantined_rows != to.quarantined_rows) {
    return true;
  }
  const auto cost_of = [](const ComparedDelivery& delivery, const std::string& currency) {
    const auto sum = delivery.cost.find(currency);
    return sum == delivery.cost.end() ? ExactSum() : sum->second.source;
  };
  return std::ranges::any_of(currencies_of(comparison), [&](const std::string& currency) {
    if (cost_of(from, currency) != cost_of(to, currency)) return true;
    const auto diff = comparison.diff.currencies.find(currency);
    return diff != comparison.diff.currencies.end() && !diff->second.kinds.empty();
  });
}

Json diff_document(const DiffRequest& request, const std::vector<BillComparison>& comparisons) {
  Json list = Json::array();
  for (const BillComparison& one : comparisons) {
    Json document = {{"table", one.to.id.table},
                     {"source", one.to.id.source},
                     {"changed", has_changes(one)},
                     {"from", delivery_document(one.from)},
                     {"to", delivery_document(one.to)}};
    document["currencies"] = Json::object();
    for (const std::string& currency : currencies_of(one)) {
      document["currencies"][currency] = currency_document(one, currency);
    }
    list.push_back(std::move(document));
  }
  return {{"changed", std::ranges::any_of(comparisons, has_changes)},
          {"billing_period", request.period.to_string()},
          {"comparisons", std::move(list)}};
}

}  // namespace finops
