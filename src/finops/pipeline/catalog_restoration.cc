#include "finops/pipeline/catalog_restoration.h"

#include <algorithm>
#include <set>
#include <utility>

#include "finops/core/error.h"
#include "finops/lake/fixed_catalog.h"
#include "finops/lake/make_lake.h"
#include "finops/lake/metadata_heads.h"
#include "finops/ledger/ledger.h"
#include "finops/pipeline/ledger_agreement.h"
#include "finops/pipeline/quarantine_writer.h"

namespace finops {
namespace {

using lake::FoundMetadata;
using lake::FoundTable;

/// One metadata file for a table, and why.
struct Pick {
  const FoundMetadata* metadata = nullptr;
  std::string reason;
};
using Picks = std::map<lake::TableName, Pick>;

bool is_damage(ErrorKind kind) {
  return kind == ErrorKind::kInvalidData || kind == ErrorKind::kNotFound ||
         kind == ErrorKind::kUnsupported;
}

std::string list_of(const std::vector<FoundMetadata>& files) {
  std::string text;
  for (const auto& file : files) {
    text += "\n  " + file.name + ", of " + to_iso8601(TimePoint(Duration(file.updated_ms)));
  }
  return text;
}

/// Finds the state of the lake that its ledger agrees with.
class SoundState {
 public:
  SoundState(const LostCatalog& lost, lake::LakePaths paths, Clock& clock,
             const std::vector<FoundTable>& tables, const std::set<lake::TableName>& chosen)
      : lost_(lost), paths_(std::move(paths)), clock_(clock), tables_(tables), chosen_(chosen) {}

  Picks find() {
    const auto ledger = std::ranges::find(tables_, Ledger::table(), &FoundTable::name);
    if (ledger == tables_.end()) return without_ledger();
    for (const auto* candidates : {&ledger->heads, &ledger->bases}) {
      std::vector<Picks> sound;
      for (const auto& candidate : *candidates) {
        auto picks = state_with(candidate);
        if (!picks) continue;
        const bool is_head = candidates == &ledger->heads;
        (*picks)[ledger->name] = {&candidate, reason_of(*ledger, is_head)};
        sound.push_back(std::move(*picks));
      }
      if (sound.size() > 1) throw ambiguous(*ledger, ledger->heads);
      if (sound.size() == 1) return std::move(sound.front());
    }
    throw none_is_sound();
  }

 private:
  std::string reason_of(const FoundTable& table, bool is_head) const {
    if (chosen_.contains(table.name)) return "chosen";
    return is_head ? "the newest" : "the newest that was committed";
  }

  Picks without_ledger() const {
    Picks picks;
    for (const auto& table : tables_) picks[table.name] = {only_head(table), "the newest"};
    return picks;
  }

  const FoundMetadata* only_head(const FoundTable& table) const {
    if (table.heads.size() > 1) throw ambiguous(table, table.heads);
    return &table.heads.front();
  }

  std::unique_ptr<lake::Lake> lake_with(const lake::TableName& name,
                                        const FoundMetadata& metadata) const {
    return lake::make_lake(lost_.store, paths_,
                           std::make_shared<lake::FixedCatalog>(
                               std::map<lake::TableName, std::string>{{name, metadata.uri}}),
                           clock_);
  }

  /// Nothing when some table has no state that this version of the ledger agrees with.
  std::optional<Picks> state_with(const FoundMetadata& ledger) {
    std::vector<DeliveryRecord> records;
    try {
      const auto lake = lake_with(Ledger::table(), ledger);
      records = Ledger(*lake).records(false);
    } catch (const Error& error) {
      if (!is_damage(error.kind())) throw;
      findings_.push_back(ledger.name + ": " + error.what());
      return std::nullopt;
    }
    Picks picks;
    for (const auto& table : tables_) {
      if (table.name == Ledger::table()) continue;
      const auto pick = pick_for(table, ledger.updated_ms, records);
      if (pick.metadata == nullptr) return std::nullopt;
      picks[table.name] = pick;
    }
    return has_all_tables(records) ? std::optional(std::move(picks)) : std::nullopt;
  }

  bool has_all_tables(const std::vector<DeliveryRecord>& records) {
    for (const auto& record : records) {
      const bool needs_table = record.state == DeliveryState::kCurrent && record.loaded_rows > 0;
      const lake::TableName name{Ledger::table().name_space, record.id.table};
      if (!needs_table || std::ranges::count(tables_, name, &FoundTable::name) > 0) continue;
      findings_.push_back("the metadata of " + name.to_string() + " is gone");
      return false;
    }
    return true;
  }

  Pick pick_for(const FoundTable& table, std::int64_t ledger_ms,
                const std::vector<DeliveryRecord>& records) {
    if (chosen_.contains(table.name)) return {&table.heads.front(), "chosen"};
    for (const auto* candidates : {&table.heads, &table.bases}) {
      std::vector<const FoundMetadata*> agreeing;
      for (const auto& candidate : *candidates) {
        if (agrees(table.name, candidate, records)) agreeing.push_back(&candidate);
      }
      // All tables of one commit carry one timestamp.
      const auto same_commit = std::ranges::find(agreeing, ledger_ms, &FoundMetadata::updated_ms);
      if (same_commit != agreeing.end()) agreeing = {*same_commit};
      if (agreeing.size() > 1) throw ambiguous(table, *candidates);
      const bool is_head = candidates == &table.heads;
      if (agreeing.size() == 1) return {agreeing.front(), reason_of(table, is_head)};
    }
    return {};
  }

  bool agrees(const lake::TableName& name, const FoundMetadata& candidate,
              const std::vector<DeliveryRecord>& records) {
    try {
      const auto view = lake_with(name, candidate)->view(name);
      const auto found = disagreements(view, records);
      if (!found.empty()) findings_.push_back(candidate.name + ": " + found.front());
      return found.empty();
    } catch (const Error& error) {
      if (!is_damage(error.kind())) throw;
      findings_.push_back(candidate.name + ": " + error.what());
      return false;
    }
  }

  /// None for a table that the ledger does not speak of.
  static std::vector<std::string> disagreements(const lake::TableView& view,
                                                const std::vector<DeliveryRecord>& records) {
    for (const auto& record : records) {
      if (quarantine_table(record.id.table) == view.name) {
        return quarantine_disagreements(view, record.id.table, records);
      }
      if (record.id.table == view.name.name) return bill_disagreements(view, records);
    }
    std::vector<std::string> found;
    if (view.name.name_space == Ledger::table().name_space && !view.files.empty()) {
      found.push_back(view.name.to_string() + " has rows, but no delivery is in the ledger");
    }
    return found;
  }

  static Error ambiguous(const FoundTable& table, const std::vector<FoundMetadata>& files) {
    return {ErrorKind::kConflict,
            "several metadata files of " + table.name.to_string() +
                " may be the current one, for a run was killed or raced with another while it "
                "committed. Choose with --table " +
                table.name.name + "=FILE; the newest is a good choice:" + list_of(files)};
  }

  Error none_is_sound() const {
    std::string text =
        "no version of the tables agrees with the ledger, so it cannot be told which is the "
        "current one:";
    for (const auto& finding : findings_) text += "\n  " + finding;
    text += "\nChoose with --table NAME=FILE for each table. There are";
    for (const auto& table : tables_) {
      text += "\n" + table.name.to_string() + ":" + list_of(table.heads) + list_of(table.bases);
    }
    return {ErrorKind::kConflict, text};
  }

  const LostCatalog& lost_;
  const lake::LakePaths paths_;
  Clock& clock_;
  const std::vector<FoundTable>& tables_;
  const std::set<lake::TableName>& chosen_;
  std::vector<std::string> findings_;
};

FoundTable& named_table(std::vector<FoundTable>& tables, const std::string& name) {
  std::string known;
  for (auto& table : tables) {
    if (table.name.name == name || table.name.to_string() == name) return table;
    known += (known.empty() ? "" : ", ") + table.name.to_string();
  }
  throw Error(ErrorKind::kUsage,
              "--table " + name + ": the lake has no such table; it has " + known);
}

/// A chosen file becomes its table's only candidate.
std::set<lake::TableName> apply(const std::map<std::string, std::string>& choices,
                                std::vector<FoundTable>& tables) {
  std::set<lake::TableName> chosen;
  for (const auto& [name, file] : choices) {
    FoundTable& table = named_table(tables, name);
    const auto it = std::ranges::find_if(table.files, [&](const FoundMetadata& found) {
      return found.name == file || found.uri == file;
    });
    if (it == table.files.end()) {
      throw Error(ErrorKind::kUsage, "--table " + name + "=" + file +
                                         ": there is no such metadata file; there are" +
                                         list_of(table.files));
    }
    table.heads = {*it};
    table.bases.clear();
    chosen.insert(table.name);
  }
  return chosen;
}

std::string common_root(const std::vector<FoundTable>& tables) {
  for (const auto& table : tables) {
    if (table.root == tables.front().root) continue;
    throw Error(ErrorKind::kUnsupported,
                "the metadata of " + tables.front().name.to_string() + " lies below '" +
                    tables.front().root + "', that of " + table.name.to_string() + " below '" +
                    table.root + "': a catalog can be restored only for a lake of one root");
  }
  return tables.front().root;
}

void require_empty(lake::Catalog& catalog) {
  const auto tables = catalog.tables();
  if (tables.empty()) return;
  throw Error(ErrorKind::kAlreadyExists,
              "the catalog has " + std::to_string(tables.size()) + " tables (" +
                  tables.front().to_string() +
                  ", …); only an empty one is filled. To make it anew, move its file away first");
}

void fill(lake::Catalog& catalog, const std::vector<RestoredTable>& tables) {
  std::vector<lake::Catalog::Swap> swaps;
  for (const auto& table : tables) swaps.push_back({table.name, "", table.metadata_location});
  const auto outcome = catalog.swap(swaps);
  if (outcome == lake::Catalog::Outcome::kDone) return;
  const bool is_done = std::ranges::all_of(tables, [&](const RestoredTable& table) {
    return catalog.metadata_location(table.name) == table.metadata_location;
  });
  if (is_done) return;
  if (outcome == lake::Catalog::Outcome::kUnknown) {
    throw Error(ErrorKind::kUnknownOutcome,
                "the catalog did not say whether it took the tables; run 'finops lake check'");
  }
  throw Error(ErrorKind::kConflict, "another program filled the catalog meanwhile");
}

}  // namespace

CatalogRestoration restore_catalog(const LostCatalog& lost, Clock& clock,
                                   const std::map<std::string, std::string>& choices,
                                   bool dry_run) {
  require_empty(*lost.catalog);
  const lake::LakePaths today(lost.root_uri);
  auto [tables, notes] = lake::find_tables(*lost.store, today);
  if (tables.empty()) {
    throw Error(ErrorKind::kNotFound, "'" + today.root() + "' holds no table; check lake_dir");
  }
  const auto chosen = apply(choices, tables);
  CatalogRestoration report{.is_dry_run = dry_run, .notes = std::move(notes)};
  const auto root = common_root(tables);
  if (!today.is_inside(root + "/x")) report.former_root = root;
  const lake::LakePaths paths(lost.root_uri, report.former_root);
  std::map<lake::TableName, std::string> locations;
  for (const auto& [name, pick] : SoundState(lost, paths, clock, tables, chosen).find()) {
    const auto& metadata = *pick.metadata;
    report.tables.push_back(
        {name, metadata.uri, metadata.updated_ms, metadata.snapshot_id, pick.reason});
    locations[name] = metadata.uri;
  }
  if (!dry_run) fill(*lost.catalog, report.tables);
  lake::FixedCatalog restored(locations);
  report.check = lake::check_lake(*lost.store, paths, restored);
  return report;
}

}  // namespace finops
