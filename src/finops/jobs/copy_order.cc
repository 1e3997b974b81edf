#include "finops/jobs/copy_order.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "finops/core/date_text.h"
#include "finops/core/error.h"
#include "finops/journal/job.h"

namespace finops::jobs {
namespace {

using Json = nlohmann::json;

std::string first_of(const std::string& one, const std::string& other) {
  return one.empty() ? other : one;
}

/// Of names in BigQuery; nothing where the organisation's id has what they must not have.
std::string usual_dataset(const std::string& organization_id) {
  const bool is_name = std::ranges::all_of(organization_id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
  return is_name ? "org_" + organization_id + "_standard_export" : "";
}

TablePath source_of(const journal::ClientConfiguration& client, const CopyWish& wish,
                    const std::string& own_project) {
  return {first_of(first_of(wish.source_project, client.source_project), own_project),
          first_of(wish.source_dataset, client.source_dataset),
          first_of(wish.source_table, client.source_table)};
}

TablePath destination_of(const journal::ClientConfiguration& client,
                         const std::string& own_project) {
  const std::string usual = usual_dataset(client.organization_id);
  return {first_of(client.destination_project, own_project),
          first_of(client.destination_dataset, usual),
          first_of(client.destination_table, usual.empty() ? "" : usual + "_table")};
}

}  // namespace

std::string parameters_of(const CopyWish& wish) {
  Json json = Json::object();
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  set("project_id", wish.source_project);
  set("dataset_id", wish.source_dataset);
  set("table_id", wish.source_table);
  if (wish.only_day) set("target_date", date_text(*wish.only_day));
  return json.dump();
}

CopyWish wish_of(const std::string& organization_id, const std::string& parameters) {
  CopyWish wish{.organization_id = organization_id};
  try {
    const Json json = parameters.empty() ? Json::object() : Json::parse(parameters);
    wish.source_project = json.value("project_id", "");
    wish.source_dataset = json.value("dataset_id", "");
    wish.source_table = json.value("table_id", "");
    const std::string day = json.value("target_date", "");
    if (!day.empty()) {
      wish.only_day = std::chrono::floor<std::chrono::days>(journal::time_of(day + " 00:00:00"));
    }
  } catch (const Json::exception&) {
    throw Error(ErrorKind::kInvalidData,
                "the journal's job has parameters that are no JSON of a job; correct that row");
  }
  return wish;
}

CopyOrder order_of(const journal::ClientConfiguration& client, const CopyWish& wish,
                   const std::string& own_project) {
  CopyOrder order;
  order.source = source_of(client, wish, own_project);
  order.is_usual_source =
      order.source.to_string() == source_of(client, {}, own_project).to_string();
  order.destination = destination_of(client, own_project);
  order.reader_account = client.service_account;
  order.location = client.location;
  order.transform_sql = client.transform_sql;
  order.look_back_days = client.look_back_days;
  order.only_day = wish.only_day;

  const std::array<std::pair<const std::string*, const char*>, 6> needed = {{
      {&order.source.project, "source_project (or service.project_id)"},
      {&order.source.dataset, "source_dataset"},
      {&order.source.table, "source_table"},
      {&order.destination.project, "destination_project (or service.project_id)"},
      {&order.destination.dataset, "destination_dataset"},
      {&order.destination.table, "destination_table"},
  }};
  std::string missing;
  for (const auto& [value, name] : needed) {
    if (value->empty()) missing += (missing.empty() ? "" : ", ") + std::string(name);
  }
  if (missing.empty()) return order;
  throw Error(ErrorKind::kInvalidConfig, "the configuration of the organisation " +
                                             client.organization_id + " lacks " + missing +
                                             "; set it with `finops journal set-client`");
}

void require_own_destination(const std::vector<journal::ClientConfiguration>& clients,
                             const journal::ClientConfiguration& client,
                             const std::string& own_project) {
  const std::string destination = destination_of(client, own_project).to_string();
  for (const journal::ClientConfiguration& other : clients) {
    if (other.organization_id == client.organization_id) continue;
    if (destination_of(other, own_project).to_string() != destination) continue;
    throw Error(ErrorKind::kInvalidConfig, "the organisations " + client.organization_id + " and " +
                                               other.organization_id + " are both copied to " +
                                               destination +
                                               "; give one of them another destination");
  }
}

}  // namespace finops::jobs
