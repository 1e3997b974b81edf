#include "finops/engines/duckdb/remote_files.h"

#include <algorithm>
#include <string_view>

#include "finops/core/error.h"
#include "finops/engines/duckdb/view_sql.h"

namespace finops {
namespace {

using duckdb_sql::quoted_literal;

constexpr const char* kSecretName = "finops_lake";

/// The endpoint as DuckDB takes it: without its scheme, and with a path where it has one.
std::string secret_sql(const RemoteAccess& access) {
  std::string sql = "CREATE SECRET " + std::string(kSecretName) + " (TYPE s3, SCOPE " +
                    quoted_literal(access.scope + "/");
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) sql += std::string(", ") + name + " " + quoted_literal(value);
  };
  add("KEY_ID", access.credentials.access_key_id);
  add("SECRET", access.credentials.secret_access_key);
  add("SESSION_TOKEN", access.credentials.session_token);
  add("REGION", access.region.empty() ? "us-east-1" : access.region);
  add("URL_STYLE", access.is_path_style ? "path" : "vhost");
  std::string_view endpoint = access.endpoint_url;
  if (const auto scheme = endpoint.find("://"); scheme != endpoint.npos) {
    sql += std::string(", USE_SSL ") + (endpoint.starts_with("http://") ? "false" : "true");
    endpoint.remove_prefix(scheme + 3);
  }
  while (endpoint.ends_with('/')) endpoint.remove_suffix(1);
  add("ENDPOINT", std::string(endpoint));
  return sql + ")";
}

}  // namespace

bool has_remote_files(const std::vector<lake::TableView>& tables) {
  return std::ranges::any_of(tables, [](const lake::TableView& table) {
    return std::ranges::any_of(
        table.files, [](const lake::LakeFile& file) { return file.uri.starts_with("s3"); });
  });
}

void load_httpfs(DuckdbConnection& connection, const std::string& extension_folder) try {
  if (!extension_folder.empty()) {
    connection.run("SET extension_directory = " + quoted_literal(extension_folder) +
                   "; LOAD httpfs");
    return;
  }
  try {
    connection.run("LOAD httpfs");
  } catch (const Error&) {
    connection.run("INSTALL httpfs; LOAD httpfs");
  }
} catch (const Error& error) {
  throw Error(ErrorKind::kUnavailable,
              std::string("load DuckDB's extension httpfs, which reads a lake in a bucket: ") +
                  error.what() +
                  "; run `INSTALL httpfs` in any DuckDB of the same version on this machine, or "
                  "name the folder that holds it in FINOPS_DUCKDB_EXTENSIONS");
}

void allow_remote_access(DuckdbConnection& connection, const RemoteAccess& access) {
  connection.run(
      "SET enable_server_cert_verification = true; SET enable_curl_server_cert_verification = "
      "true");
  if (!access.ca_file.empty()) {
    connection.run("SET ca_cert_file = " + quoted_literal(access.ca_file));
  }
  try {
    connection.run(secret_sql(access));
  } catch (const Error& error) {
    // DuckDB's message may quote the statement, which holds the keys.
    throw Error(error.kind(), "DuckDB does not take the credentials of the lake");
  }
}

}  // namespace finops
