#include "finops/warehouses/bigquery/bigquery_places.h"

#include <algorithm>

#include "finops/core/error.h"

namespace finops::bigquery {
namespace {

void create(Client& client, const std::string& path, const Json& resource,
            const std::string& tried) {
  try {
    client.tell({.method = "POST", .url = path, .tried = tried, .changes_something = true},
                resource);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kAlreadyExists && error.kind() != ErrorKind::kUnknownOutcome) {
      throw;
    }
  }
}

constexpr int kGone = 404;  // already, or by an attempt whose answer was lost

Call removal_of(const TableRef& table) {
  return {.method = "DELETE",
          .url = table.path(),
          .tried = "remove the table " + table.to_string(),
          .changes_something = true};
}

void check_name(const std::string& what, const std::string& text, std::string_view more) {
  const bool is_good = !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           more.find(c) != std::string_view::npos;
  });
  if (!is_good) {
    throw Error(ErrorKind::kInvalidConfig, "'" + text + "' is no " + what + " of BigQuery");
  }
}

}  // namespace

std::optional<Json> find_dataset(Client& client, const std::string& project,
                                 const std::string& dataset) {
  return client.find({.url = api_path(project, {"datasets", dataset}),
                      .tried = "look at the dataset " + project + "." + dataset});
}

std::optional<Json> find_table(Client& client, const TableRef& table) {
  return client.find({.url = table.path(), .tried = "look at the table " + table.to_string()});
}

void create_dataset(Client& client, const std::string& project, const std::string& dataset,
                    const std::string& location) {
  const Json wanted = {{"datasetReference", {{"projectId", project}, {"datasetId", dataset}}},
                       {"location", location}};
  create(client, api_path(project, {"datasets"}), wanted,
         "create the dataset " + project + "." + dataset);
}

void create_table(Client& client, const TableRef& table, Json resource) {
  resource["tableReference"] = table.to_json();
  create(client, api_path(table.project, {"datasets", table.dataset, "tables"}), resource,
         "create the table " + table.to_string());
}

void remove_table(Client& client, const TableRef& table) {
  const Call call = removal_of(table);
  const RetriedResponse result = client.send(call);
  if (!result.response.is_success() && result.response.status != kGone) client.fail(result, call);
}

void try_to_remove_table(Client& client, const TableRef& table) {
  Call call = removal_of(table);
  call.is_last_word = client.options().stop.stop_requested();
  try {
    client.send(call);
  } catch (const Error&) {
    // It expires.
  }
}

std::vector<std::string> tables_with_prefix(Client& client, const std::string& project,
                                            const std::string& dataset, const std::string& prefix) {
  std::vector<std::string> names;
  std::string page;
  do {
    Call call{.url = api_path(project, {"datasets", dataset, "tables"}),
              .query = {{"maxResults", "1000"}},
              .tried = "list the tables of " + project + "." + dataset};
    if (!page.empty()) call.query.emplace_back("pageToken", page);
    const Json answer = client.ask(call);
    for (const Json& table : answer.value("tables", Json::array())) {
      std::string name = text_of(table.value("tableReference", Json()), "tableId");
      if (name.starts_with(prefix)) names.push_back(std::move(name));
    }
    page = text_of(answer, "nextPageToken");
  } while (!page.empty());
  return names;
}

void check_project_name(const std::string& name) { check_name("project", name, "-:."); }
void check_dataset_name(const std::string& name) { check_name("dataset", name, ""); }
void check_table_name(const std::string& name) { check_name("table", name, "-"); }

std::string quoted(const std::string& column) { return "`" + column + "`"; }

}  // namespace finops::bigquery
