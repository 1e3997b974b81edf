#include "finops/lake/lake_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/parallel.h"
#include "finops/lake/metadata_name.h"
#include "finops/lake/named_files.h"

namespace finops::lake {
namespace {

constexpr int kLooks = 5;  // at a table that other runs change meanwhile
constexpr std::size_t kRemovalsAtOnce = 8;

/// What one look at a table gave.
struct TableLook {
  CheckedTable table;
  std::vector<LakeProblem> problems;
  std::set<std::string> reachable;  // keys
  std::string folder;               // of the table; empty when its metadata cannot be read
  bool is_complete = true;          // all of its metadata could be read
};

class LakeChecker {
 public:
  LakeChecker(ObjectStore& store, const LakePaths& paths, Catalog& catalog)
      : store_(store), paths_(paths), catalog_(catalog), files_(store, paths) {}

  LakeCheck check() {
    // First the files, then what needs them: a file that a commit adds in between is reachable and
    // no orphan; one that is not in the list is asked for.
    for (auto& object : store_.list("")) objects_.emplace(object.key, std::move(object));
    LakeCheck out;
    std::vector<TableLook> looks;
    for (const auto& table : catalog_.tables()) looks.push_back(look_until_it_stands_still(table));
    for (auto& look : looks) {
      std::ranges::move(look.problems, std::back_inserter(out.problems));
      out.tables.push_back(look.table);
    }
    if (looks.empty() && !has_beginnings_only()) {
      out.problems.push_back(no_tables());
    } else {
      add_orphans(looks, out);
    }
    return out;
  }

 private:
  /// A run that expires snapshots, or compacts, removes files that an older look needs.
  TableLook look_until_it_stands_still(const TableName& name) {
    TableLook look;
    for (int looks = 0; looks < kLooks; ++looks) {
      const auto location = catalog_.metadata_location(name);
      if (!location) return {.table = {.name = name}};  // dropped meanwhile
      look = look_at(name, *location);
      if (look.problems.empty() || catalog_.metadata_location(name) == location) break;
    }
    return look;
  }

  TableLook look_at(const TableName& name, const std::string& location) {
    TableLook look{.table = {.name = name, .metadata_location = location}};
    const auto named = named_files(files_, paths_, location);
    look.table.snapshots = named.snapshots;
    for (const auto& [uri, why] : named.unreadable) {
      look.problems.push_back({name, uri, why});
      look.is_complete = false;
    }
    for (const auto& file : named.files) take(file, look);
    if (look.is_complete) look_at_folder(look);
    return look;
  }

  void look_at_folder(TableLook& look) {
    const auto metadata = files_.metadata(look.table.metadata_location);
    if (!paths_.is_inside(metadata->location())) {
      look.is_complete = false;
      look.problems.push_back(
          {look.table.name, metadata->location(), "the table's folder lies outside of the lake"});
      return;
    }
    look.folder = paths_.key_of(metadata->location()) + "/";
    look_for_successors(*metadata, look);
  }

  void take(const NamedFile& file, TableLook& look) {
    const auto problem = [&](const std::string& finding) {
      look.problems.push_back(
          {look.table.name, file.uri, std::string("the ") + file.role + " " + finding});
    };
    if (!paths_.is_inside(file.uri)) {
      if (file.is_needed) problem("lies outside of the lake, where finops reads nothing");
      return;
    }
    const auto key = paths_.key_of(file.uri);
    look.reachable.insert(key);
    if (!file.is_needed) return;
    ++look.table.files;
    const auto found = size_of(key);
    if (!found) return problem("is missing: restore it from a backup");
    look.table.bytes += *found;
    if (!file.bytes || *file.bytes == *found) return;
    problem("has " + std::to_string(*found) + " bytes, and should have " +
            std::to_string(*file.bytes) + ": restore it from a backup");
  }

  std::optional<std::uint64_t> size_of(const std::string& key) {
    if (const auto it = objects_.find(key); it != objects_.end()) return it->second.size;
    const auto object = store_.stat(key);  // written since the list was made
    return object ? std::optional(object->size) : std::nullopt;
  }

  /// An attempt that never committed leaves a metadata file whose number is the next one. Higher
  /// numbers come from commits that the catalog has forgotten.
  void look_for_successors(const TableMetadata& metadata, TableLook& look) {
    const auto metadata_folder = look.folder + "metadata/";
    const int current = metadata_number(look.table.metadata_location);
    for (auto it = objects_.lower_bound(metadata_folder);
         it != objects_.end() && it->first.starts_with(metadata_folder); ++it) {
      const bool may_be_one = is_metadata_name(it->first) && !look.reachable.contains(it->first) &&
                              metadata_number(it->first) > current + 1;
      const auto uri = paths_.uri_of(it->first);
      if (!may_be_one || !is_same_table(uri, metadata)) continue;
      look.problems.push_back(
          {look.table.name, uri,
           "this metadata file is newer than the one that the catalog names (" +
               look.table.metadata_location +
               "): the catalog is an old one. Put the right one back, or move it away and run "
               "'finops lake restore-catalog'"});
      return;
    }
  }

  /// And not one of the same name that was dropped.
  bool is_same_table(const std::string& uri, const TableMetadata& metadata) {
    try {
      return files_.metadata(uri)->json().value("table-uuid", "") ==
             metadata.json().value("table-uuid", "");
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kUnavailable) throw;
      return false;
    }
  }

  /// A first run that is killed before its first swap leaves the first metadata file of a table;
  /// whatever a catalog has known has more.
  bool has_beginnings_only() const {
    return std::ranges::all_of(objects_, [](const auto& object) {
      return is_metadata_name(object.first) && metadata_number(object.first) == 0;
    });
  }

  LakeProblem no_tables() const {
    return {{},
            "",
            "the catalog has no tables, but '" + paths_.root() + "' holds " +
                std::to_string(objects_.size()) +
                " files: is it the right catalog? 'finops lake restore-catalog' makes a lost one "
                "anew from the metadata"};
  }

  void add_orphans(const std::vector<TableLook>& looks, LakeCheck& out) const {
    for (const auto& [key, object] : objects_) {
      bool is_known = false, is_removable = false;
      for (const auto& look : looks) {
        is_known = is_known || look.reachable.contains(key);
        is_removable =
            is_removable || (!look.folder.empty() && (key.starts_with(look.folder + "data/") ||
                                                      key.starts_with(look.folder + "metadata/")));
      }
      // What a table with unreadable metadata needs is not known.
      const bool may_be_needed =
          std::ranges::any_of(looks, [](const auto& look) { return !look.is_complete; }) &&
          !is_removable;
      if (is_known || may_be_needed) continue;
      out.orphans.push_back({key, object.size, object.last_modified, is_removable});
    }
  }

  ObjectStore& store_;
  const LakePaths& paths_;
  Catalog& catalog_;
  TableFiles files_;
  std::map<std::string, ObjectInfo> objects_;
};

bool has_changed(Catalog& catalog, const LakeCheck& check) {
  return std::ranges::any_of(check.tables, [&](const auto& table) {
    return catalog.metadata_location(table.name) != table.metadata_location;
  });
}

}  // namespace

LakeCheck check_lake(ObjectStore& store, const LakePaths& paths, Catalog& catalog) {
  return LakeChecker(store, paths, catalog).check();
}

std::vector<OrphanFile> remove_orphans(ObjectStore& store, const LakePaths& paths, Catalog& catalog,
                                       Clock& clock, const LakeCheck& check, Duration older_than) {
  if (older_than < kShortestOrphanAge) {
    throw Error(ErrorKind::kUsage,
                "orphans younger than an hour are never removed: a run that has not committed yet "
                "may have just written them");
  }
  const LakeCheck now = has_changed(catalog, check) ? check_lake(store, paths, catalog) : check;
  if (!now.problems.empty()) {
    throw Error(ErrorKind::kConflict,
                "no orphan is removed while the lake has problems, for it is not known which files "
                "it needs; the first: " +
                    now.problems.front().finding + " (" + now.problems.front().file + ")");
  }
  const auto limit = clock.now() - older_than;
  std::vector<OrphanFile> old;
  std::ranges::copy_if(now.orphans, std::back_inserter(old), [&](const OrphanFile& orphan) {
    return orphan.is_removable && orphan.last_modified < limit;
  });
  for_each_at_once(old.size(), kRemovalsAtOnce, [&](std::size_t i) { store.remove(old[i].key); });
  return old;
}

}  // namespace finops::lake
