#include "finops/warehouses/bigquery/bigquery_query.h"

#include "finops/core/error.h"

namespace finops::bigquery {
namespace {

Json configuration_of(const Query& query) {
  Json parameters = Json::array();
  for (const Parameter& parameter : query.parameters) {
    parameters.push_back({{"name", parameter.name},
                          {"parameterType", {{"type", parameter.type}}},
                          {"parameterValue", {{"value", parameter.value}}}});
  }
  Json configuration = {{"query", query.sql}, {"useLegacySql", false}};
  if (!parameters.empty()) {
    configuration["parameterMode"] = "NAMED";
    configuration["queryParameters"] = std::move(parameters);
  }
  return configuration;
}

void append_rows(std::vector<std::vector<QueryCell>>& rows, const Json& page) {
  for (const Json& row : page.value("rows", Json::array())) {
    std::vector<QueryCell>& cells = rows.emplace_back();
    for (const Json& cell : row.at("f")) {
      const Json& value = cell.at("v");
      cells.push_back(value.is_null() ? QueryCell() : value.get<std::string>());
    }
  }
}

}  // namespace

QueryAnswer run_query(Jobs& jobs, const Query& query, const std::string& id_prefix,
                      const std::string& tried) {
  QueryAnswer answer{.rows = {},
                     .job = jobs.run({{"query", configuration_of(query)}}, id_prefix, tried)};
  Client& client = jobs.client();
  std::string page;
  do {
    Call call{.url = api_path(client.options().project_id, {"queries", answer.job.id}),
              .query = {{"timeoutMs", "10000"}},
              .tried = tried};
    if (!answer.job.location.empty()) call.query.emplace_back("location", answer.job.location);
    if (!page.empty()) call.query.emplace_back("pageToken", page);
    const Json document = client.ask(call);
    try {
      append_rows(answer.rows, document);
    } catch (const Json::exception& error) {
      throw Error(ErrorKind::kInvalidData,
                  tried + ": the answer's rows cannot be understood: " + error.what());
    }
    page = text_of(document, "pageToken");
  } while (!page.empty());
  return answer;
}

std::uint64_t bytes_of_query(Jobs& jobs, const Query& query, const std::string& tried) {
  Client& client = jobs.client();
  const Call call{
      .method = "POST", .url = api_path(client.options().project_id, {"jobs"}), .tried = tried};
  const Json configuration = {{"query", configuration_of(query)}, {"dryRun", true}};
  const Json job = client.tell(call, {{"jobReference", jobs.reference(new_job_id("finops_dry_"))},
                                      {"configuration", configuration}});
  return count_of(job.value("statistics", Json::object()), "totalBytesProcessed");
}

}  // namespace finops::bigquery
