#pragma once

#include <memory>
#include <string>

#include "finops/lake/catalog.h"

namespace finops::lake {

/// Iceberg's SQL catalog (schema "V1", as pyiceberg from 0.12 on and Iceberg Java's JDBC catalog
/// have it) in a SQLite file: one row per table holds the location of its current metadata file,
/// and a commit is one transaction of UPDATEs under the condition that each row still holds the
/// location that the commit started from. Readers must name their catalog like `catalog_name`.
///
/// Any number of threads and processes of one machine may use the file at once; not over a network
/// file system. A missing file is an empty catalog: the file and its folder are made by the first
/// swap. Throws, beside what Catalog says, kInvalidData for a file that is no SQLite database.
std::unique_ptr<Catalog> make_sqlite_catalog(std::string path, std::string catalog_name);

}  // namespace finops::lake
