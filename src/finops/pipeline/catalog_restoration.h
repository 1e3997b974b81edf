#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "finops/core/clock.h"
#include "finops/lake/catalog.h"
#include "finops/lake/lake_check.h"
#include "finops/stores/object_store.h"

namespace finops {

struct RestoredTable {
  lake::TableName name;
  std::string metadata_location;
  std::int64_t committed_ms = 0;
  std::optional<std::int64_t> snapshot_id;
  std::string reason;  // why this one
};

struct CatalogRestoration {
  bool is_dry_run = false;
  std::vector<RestoredTable> tables;
  std::vector<std::string> notes;
  /// The root that the metadata speaks of, when that is another than the lake's: it was moved.
  std::string former_root;
  lake::LakeCheck check;  // of the lake as the new catalog shows it
};

/// A lake without its catalog: what must be known to make it anew.
struct LostCatalog {
  std::shared_ptr<ObjectStore> store;
  std::string root_uri;
  std::shared_ptr<lake::Catalog> catalog;  // the new one, empty
};

/// Fills an empty catalog with the tables whose metadata lies below the lake's root.
///
/// Which metadata file of a table was the current one, only the catalog knew. It is the head of the
/// table's history, or, when the head is what a killed run left, the version below it. A commit
/// changes data, quarantine and ledger together, so the ledger tells: the state is taken in which
/// every table has exactly the rows that the ledger calls current, the newest such state first.
/// `choices` decide for a table instead: its name, with or without namespace → name of a metadata
/// file in its folder.
///
/// kAlreadyExists when the catalog has tables, kNotFound when the lake has none, kConflict when no
/// state or more than one is sound, with the files to choose from. Nothing is written below the
/// root.
CatalogRestoration restore_catalog(const LostCatalog& lost, Clock& clock,
                                   const std::map<std::string, std::string>& choices, bool dry_run);

}  // namespace finops
