#include "finops/lake/relocation.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "finops/core/error.h"
#include "finops/lake/committer.h"
#include "finops/lake/json_edge.h"
#include "finops/lake/lake_check.h"
#include "finops/lake/manifest_paths.h"
#include "finops/lake/named_files.h"

namespace finops::lake {
namespace {

constexpr std::uint64_t kLongestManifest = 1ull << 30;

/// Writes the metadata of one table anew in one attempt to commit.
class TableRelocation {
 public:
  TableRelocation(ObjectStore& store, TableFiles& files, const LakePaths& paths,
                  CommitAttempt& attempt)
      : store_(store), files_(files), paths_(paths), attempt_(attempt) {}

  void run(TableMetadata& next) {
    next.rename_files([&](const std::string& uri) { return paths_.moved(uri); });
    for (const auto& snapshot : next.snapshots()) move_manifests(next, snapshot);
    std::map<std::int64_t, std::string> lists;
    for (const auto& snapshot : next.snapshots()) {
      const std::string uri = snapshot.at("manifest-list");
      const auto id = snapshot.at("snapshot-id").get<std::int64_t>();
      lists[id] = attempt_.write(
          next, "snap-" + std::to_string(id) + "-1-" + attempt_.id() + ".avro",
          within(uri, [&] { return manifest_list_with_new_paths(read(uri), moved_); }));
    }
    next.set_manifest_lists(lists);
  }

 private:
  std::string read(const std::string& uri) {
    return read_all(store_, paths_.key_of(uri), kLongestManifest);
  }

  template <typename Work>
  std::string within(const std::string& uri, Work work) {
    try {
      return work();
    } catch (const Error& error) {
      throw error.within("rewrite '" + uri + "'");
    }
  }

  void move_manifests(const TableMetadata& next, const Json& snapshot) {
    const auto list = files_.manifests(snapshot);
    for (const auto& manifest : *list) {
      if (moved_.contains(manifest.path)) continue;
      const auto bytes = within(manifest.path, [&] {
        return manifest_with_new_paths(read(manifest.path),
                                       [&](const auto& uri) { return paths_.moved(uri); });
      });
      moved_[manifest.path] = {attempt_.write(next, attempt_.next_name() + ".avro", bytes),
                               static_cast<std::int64_t>(bytes.size())};
    }
  }

  ObjectStore& store_;
  TableFiles& files_;
  const LakePaths& paths_;
  CommitAttempt& attempt_;
  std::map<std::string, MovedManifest> moved_;
};

class Relocation {
 public:
  Relocation(ObjectStore& store, const LakePaths& paths, Catalog& catalog, Clock& clock)
      : store_(store),
        paths_(paths),
        today_(paths.root()),
        catalog_(catalog),
        files_(store, paths),
        committer_(files_, catalog, clock) {}

  std::vector<RelocatedTable> run(bool dry_run) {
    require_whole_lake();
    std::vector<RelocatedTable> tables;
    std::map<TableName, TableChange> changes;
    for (const auto& name : catalog_.tables()) {
      auto table = look_at(name);
      if (!table) continue;
      tables.push_back(std::move(*table));
      changes[name] = [this](TableMetadata& next, CommitAttempt& attempt, std::int64_t) {
        return without_json_errors([&] {
          TableRelocation(store_, files_, paths_, attempt).run(next);
          return true;
        });
      };
    }
    if (dry_run || changes.empty()) return tables;
    const auto result = committer_.commit(changes);
    for (auto& table : tables) table.metadata_location = result.versions.at(table.name).location;
    return tables;
  }

 private:
  void require_whole_lake() {
    const auto check = check_lake(store_, paths_, catalog_);
    if (check.problems.empty()) return;
    constexpr std::size_t kShown = 5;
    std::string text;
    for (std::size_t i = 0; i < std::min(kShown, check.problems.size()); ++i) {
      const auto& problem = check.problems[i];
      text += "\n  " + (problem.file.empty() ? "" : problem.file + ": ") + problem.finding;
    }
    if (check.problems.size() > kShown) {
      text += "\n  and " + std::to_string(check.problems.size() - kShown) + " more";
    }
    throw Error(ErrorKind::kConflict,
                "the lake is not whole at '" + paths_.root() +
                    "', so nothing was changed. Copy what is missing and run the same command "
                    "again." +
                    text);
  }

  /// Nothing when the table names no file by its former place.
  std::optional<RelocatedTable> look_at(const TableName& name) {
    const auto location = catalog_.metadata_location(name).value_or("");
    const auto named = named_files(files_, paths_, location);
    const bool is_of_today = std::ranges::all_of(named.files, [&](const NamedFile& file) {
      return !file.is_needed || today_.is_inside(file.uri);
    });
    if (is_of_today && today_.is_inside(files_.metadata(location)->location())) {
      return std::nullopt;
    }
    if (named.has_row_deletes) {
      throw Error(ErrorKind::kUnsupported,
                  "the table " + name.to_string() +
                      " has delete files, which hold paths of their own. Rewrite its data files "
                      "at the former place with the program that wrote them, run 'finops lake "
                      "expire' there, and move the lake again");
    }
    std::size_t manifests = 0;
    for (const auto& file : named.files) manifests += std::string_view(file.role) == "manifest";
    return RelocatedTable{name, location, named.snapshots, manifests, named.data_files};
  }

  ObjectStore& store_;
  const LakePaths& paths_;
  const LakePaths today_;
  Catalog& catalog_;
  TableFiles files_;
  Committer committer_;
};

}  // namespace

std::vector<RelocatedTable> relocate_lake(ObjectStore& store, const LakePaths& paths,
                                          Catalog& catalog, Clock& clock, bool dry_run) {
  return Relocation(store, paths, catalog, clock).run(dry_run);
}

}  // namespace finops::lake
