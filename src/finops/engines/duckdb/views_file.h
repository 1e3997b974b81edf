#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "finops/lake/lake.h"

namespace finops {

/// Which metadata file is current, per table: what a catalog tells without reading the tables.
using TableVersions = std::map<lake::TableName, std::string>;

/// The DuckDB file that holds nothing but views over the current snapshots, for any DuckDB client.
/// It is never changed in place: a new one is made beside it, then renamed over it, so that a
/// client that has it open goes on with the old one, and no client ever keeps finops from
/// publishing. Beside "finops.duckdb" stand ".finops.duckdb.lock" and ".finops.duckdb.stamp", which
/// says what the file shows. Safe to call from several threads and processes.
///
/// Does nothing, in well under a millisecond and without DuckDB, when the file shows `versions()`;
/// otherwise, also when it is missing, was made by another version of finops or was changed by
/// somebody, makes it anew from `views()`. Both are asked (again) under the lock, so that an older
/// state never replaces a newer one. Returns true when the file was made anew.
///
/// Tables in a bucket need httpfs from `extension_folder` (load_httpfs()), but no credentials.
bool publish_views_if_changed(const std::filesystem::path& database,
                              const std::function<TableVersions()>& versions,
                              const std::function<std::vector<lake::TableView>()>& views,
                              const std::string& extension_folder = "");

}  // namespace finops
