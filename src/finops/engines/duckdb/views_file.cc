#include "finops/engines/duckdb/views_file.h"

#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "finops/core/error.h"
#include "finops/core/sha256.h"
#include "finops/engines/duckdb/duckdb_connection.h"
#include "finops/engines/duckdb/lake_views.h"
#include "finops/engines/duckdb/remote_files.h"
#include "finops/engines/duckdb/replacement_file.h"

namespace finops {
namespace {

namespace fs = std::filesystem;

/// Goes up with every change of what view_sql.cc writes, so that published files are made anew.
constexpr int kViewFormat = 4;

fs::path beside(const fs::path& database, const std::string& ending) {
  return database.parent_path() / ("." + database.filename().string() + "." + ending);
}

std::string digest_of(const TableVersions& versions) {
  std::string text;
  for (const auto& [table, metadata] : versions) {
    text += table.name_space + '\0' + table.name + '\0' + metadata + '\0';
  }
  return sha256_of(text);
}

TableVersions versions_of(const std::vector<lake::TableView>& tables) {
  TableVersions versions;
  for (const lake::TableView& table : tables) versions[table.name] = table.metadata_location;
  return versions;
}

/// Empty when there is no such file.
std::string identity_of(const fs::path& database) {
  struct stat status{};
  if (stat(database.c_str(), &status) != 0) return "";
  std::ostringstream text;
  text << status.st_ino << "-" << status.st_size << "-" << status.st_mtim.tv_sec << "."
       << status.st_mtim.tv_nsec;
  return text.str();
}

std::string stamp_of(const fs::path& database, const TableVersions& versions) {
  return "finops views " + std::to_string(kViewFormat) + " " + digest_of(versions) + " " +
         identity_of(database) + "\n";
}

bool is_current(const fs::path& database, const TableVersions& versions) {
  if (identity_of(database).empty()) return false;
  std::ifstream file(beside(database, "stamp"), std::ios::binary);
  const std::string stamp{std::istreambuf_iterator<char>(file), {}};
  return stamp == stamp_of(database, versions);
}

void write_views(const std::string& path, const std::vector<lake::TableView>& tables,
                 const std::string& extension_folder) {
  DuckdbConnection connection(path, {{"threads", "1"}});
  if (has_remote_files(tables)) load_httpfs(connection, extension_folder);
  make_lake_views(connection, tables);
  connection.run("CHECKPOINT");
}

void publish(const fs::path& database, const std::vector<lake::TableView>& tables,
             const std::string& extension_folder) {
  ReplacementFile file(database, "new");
  write_views(file.temporary_path(), tables, extension_folder);
  if (fs::exists(file.temporary_path() + ".wal")) {
    throw Error(ErrorKind::kInternal,
                "DuckDB left a log beside the new '" + database.string() + "'");
  }
  // The log of a client that wrote into the old file and was killed: the new file must not get it.
  std::error_code ignored;
  fs::remove(database.string() + ".wal", ignored);
  file.publish();
  replace_text_file(beside(database, "stamp"), stamp_of(database, versions_of(tables)));
}

}  // namespace

bool publish_views_if_changed(const fs::path& database,
                              const std::function<TableVersions()>& versions,
                              const std::function<std::vector<lake::TableView>()>& views,
                              const std::string& extension_folder) try {
  const fs::path path = fs::absolute(database);
  if (is_current(path, versions())) return false;
  const FileLock lock(beside(path, "lock"));
  if (is_current(path, versions())) return false;
  publish(path, views(), extension_folder);
  return true;
} catch (const Error& error) {
  throw error.within("publish the views in '" + database.string() + "'");
}

}  // namespace finops
