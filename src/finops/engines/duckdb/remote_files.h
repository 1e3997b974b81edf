#pragma once

#include <string>
#include <vector>

#include "finops/engines/duckdb/duckdb_connection.h"
#include "finops/engines/duckdb/remote_access.h"
#include "finops/lake/lake.h"

namespace finops {

/// True when some file of the tables lies in a bucket: then DuckDB needs its extension httpfs.
bool has_remote_files(const std::vector<lake::TableView>& tables);

/// Loads DuckDB's signed extension httpfs from `extension_folder` (laid out as DuckDB's
/// extension_directory); without one from DuckDB's own folder, where it is installed when it is
/// missing. Throws kUnavailable with what to do.
void load_httpfs(DuckdbConnection& connection, const std::string& extension_folder);

/// Gives the connection the credentials as a secret that is neither stored nor shown. Certificates
/// are checked.
void allow_remote_access(DuckdbConnection& connection, const RemoteAccess& access);

}  // namespace finops
