#include "finops/demo/cloud_provider_truth.h"

#include <fmt/format.h>

#include <utility>

#include "finops/demo/demo_number.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kOneCent = 100;  // in units of kCloudCostScale

}  // namespace

void CloudEventTruth::end_file(std::string name, std::uint64_t bytes) {
  files_.push_back({std::move(name), std::exchange(file_, {}), bytes});
  bytes_ += bytes;
}

void CloudEventTruth::add(const CloudEvent& event) {
  const std::size_t service = event.resource->service;
  file_.add(event.cost);
  all_.add(event.cost);
  services_[service].add(event.cost);
  if (!event.is_copy() && event.oddity != CloudOddity::kTimestamp &&
      event.oddity != CloudOddity::kSchemaVersion) {
    loadable_.add(event.cost);
    loadable_services_[service].add(event.cost);
  }
  if (event.cost < 0) negative_.add(event.cost);
  if (event.cost < -kOneCent) below_one_cent_.add(event.cost);
  ++metrics_[event.metric];
  ++schema_versions_[static_cast<std::size_t>(event.schema_version)];
  ++oddities_[static_cast<std::size_t>(event.oddity)];
  null_units_ += event.has_unit ? 0 : 1;
  carbon_zeros_ += event.schema_version >= 2 && event.carbon == 0 ? 1 : 0;
  if (event.has_tokens()) ++with_tokens_;
  tokens_ += event.tokens;
  add_value(event);
  if (event.is_spike) add_spike(event);
}

void CloudEventTruth::add_value(const CloudEvent& event) {
  if (event.oddity != CloudOddity::kValue && event.oddity != CloudOddity::kValueIsNullText) {
    ++values_[static_cast<std::size_t>(event.value_form)];
  }
}

void CloudEventTruth::add_spike(const CloudEvent& event) {
  ++spikes_;
  spikes_checksum_ += event.id;
  if (lists_spikes_) spike_ids_.push_back(event.id);
}

Json CloudEventTruth::Costs::to_json() const {
  return {{"rows", rows}, {"cost_usd", shortest_text(cost, kCloudCostScale)}};
}

Json CloudEventTruth::to_json(const CostsByService& services) {
  Json json = Json::object();
  for (std::size_t i = 0; i < services.size(); ++i) {
    json[std::string(kCloudServices[i])] = services[i].to_json();
  }
  return json;
}

Json CloudEventTruth::oddities_json() const {
  const auto count = [&](CloudOddity oddity) {
    return oddities_[static_cast<std::size_t>(oddity)];
  };
  return {{"duplicate_event_id", count(CloudOddity::kCopy) + count(CloudOddity::kCorrectedCopy)},
          {"duplicate_in_another_file", copies_in_another_file_},
          {"duplicate_with_another_cost", count(CloudOddity::kCorrectedCopy)},
          {"timestamp_unreadable", count(CloudOddity::kTimestamp)},
          {"schema_version_unknown", count(CloudOddity::kSchemaVersion)},
          {"resource_unknown", count(CloudOddity::kResource)},
          {"value_unreadable", count(CloudOddity::kValue)},
          {"value_is_null_text", count(CloudOddity::kValueIsNullText)}};
}

Json CloudEventTruth::spikes_json() const {
  Json json{{"count", spikes_}, {"checksum", fmt::format("{:016x}", spikes_checksum_)}};
  if (lists_spikes_) {
    Json& ids = json["event_ids"] = Json::array();
    for (const std::uint64_t id : spike_ids_) ids.push_back(cloud_event_id(id));
  }
  return json;
}

Json CloudEventTruth::to_json() const {
  Json json = all_.to_json();
  json["bytes"] = bytes_;
  json["by_service"] = to_json(services_);
  json["loadable"] = loadable_.to_json();
  json["loadable"]["by_service"] = to_json(loadable_services_);
  json["negative"] = negative_.to_json();
  json["below_minus_one_cent"] = below_one_cent_.to_json();
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    json["rows_by_metric"][std::string(kCloudMetrics[i])] = metrics_[i];
  }
  for (std::size_t i = 1; i < schema_versions_.size(); ++i) {
    json["rows_by_schema_version"][std::to_string(i)] = schema_versions_[i];
  }
  json["values"] = {{"number", values_[0]}, {"text", values_[1]}, {"null", values_[2]}};
  json["null_units"] = null_units_;
  json["carbon_zeros"] = carbon_zeros_;
  json["rows_with_genai_tokens"] = with_tokens_;
  json["genai_tokens"] = tokens_;
  json["oddities"] = oddities_json();
  json["anomalies"] = spikes_json();
  Json& files = json["files"] = Json::array();
  for (const File& file : files_) {
    Json one{{"name", file.name}};
    one.update(file.costs.to_json());
    one["bytes"] = file.bytes;
    files.push_back(std::move(one));
  }
  return json;
}

}  // namespace finops
