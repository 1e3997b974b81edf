#include "finops/lake/committer.h"

#include <algorithm>

#include "finops/core/error.h"
#include "finops/core/unique_ids.h"
#include "finops/lake/metadata_name.h"

namespace finops::lake {
namespace {

constexpr int kMaxAttempts = 100;
constexpr int kLooks = 5;  // at the catalog, after an unknown outcome
constexpr int kFirstPauseMs = 5, kLongestPauseMs = 500;

int number_after(const std::string& metadata_location) {
  return metadata_number(metadata_location) % 100'000'000 + 1;
}

/// The table is as it was, for sure: Catalog's promise for these kinds.
bool changed_nothing(ErrorKind kind) {
  return kind == ErrorKind::kUnavailable || kind == ErrorKind::kPermissionDenied ||
         kind == ErrorKind::kNoSpace;
}

std::string names_of(const std::vector<Catalog::Swap>& swaps) {
  std::string names;
  for (const auto& swap : swaps) names += (names.empty() ? "" : ", ") + swap.table.to_string();
  return names;
}

}  // namespace

CommitAttempt::CommitAttempt(TableFiles& files) : files_(files), id_(random_uuid()) {}

std::string CommitAttempt::write(const TableMetadata& table, const std::string& name,
                                 std::string_view bytes) {
  written_.push_back(table.location() + "/metadata/" + name);
  files_.write(written_.back(), bytes);
  return written_.back();
}

std::string CommitAttempt::write(const TableMetadata& table, const std::string& name,
                                 std::shared_ptr<const TableMetadata> metadata) {
  written_.push_back(table.location() + "/metadata/" + name);
  files_.write(written_.back(), std::move(metadata));
  return written_.back();
}

std::string CommitAttempt::next_name() { return id_ + "-m" + std::to_string(names_++); }

void CommitAttempt::discard() {
  for (const auto& uri : written_) {
    try {
      files_.remove(uri);
    } catch (const Error&) {
      // Nothing refers to the file, and the failure that made us discard it is the one to tell of.
    }
  }
  written_.clear();
}

std::int64_t Committer::now_ms() const { return clock_.now().time_since_epoch().count(); }

std::optional<TableVersion> Committer::find(const TableName& table) {
  auto location = catalog_.metadata_location(table);
  if (!location) return std::nullopt;
  auto metadata = files_.metadata(*location);
  return TableVersion{std::move(*location), std::move(metadata)};
}

TableVersion Committer::load(const TableName& table) {
  if (auto version = find(table)) return std::move(*version);
  throw Error(ErrorKind::kNotFound, "the catalog has no table " + table.to_string());
}

bool Committer::create(const TableName& table, const TableMetadata& metadata) {
  CommitAttempt attempt(files_);
  std::vector<Catalog::Swap> swaps;
  try {
    swaps.push_back({table, "", attempt.write(metadata, metadata_name(0), metadata.dump())});
  } catch (...) {
    attempt.discard();
    throw;
  }
  return swap(swaps, attempt) == Catalog::Outcome::kDone;
}

struct Committer::Attempted {
  CommitResult result;
  std::vector<Catalog::Swap> swaps;
  std::vector<std::string> obsolete;  // metadata files, once the commit has succeeded
};

Committer::Attempted Committer::prepare(const std::map<TableName, TableChange>& changes,
                                        CommitAttempt& attempt) {
  Attempted out;
  auto& timestamp = out.result.committed_ms;
  timestamp = now_ms();
  for (const auto& [name, change] : changes) {
    const auto& base = out.result.versions.emplace(name, load(name)).first->second;
    timestamp = base.metadata->next_timestamp(timestamp);
  }
  for (const auto& [name, change] : changes) {
    auto& version = out.result.versions.at(name);
    auto next = std::make_shared<TableMetadata>(*version.metadata);
    if (!change(*next, attempt, timestamp)) continue;
    const auto dropped = next->succeed(*version.metadata, version.location, timestamp);
    out.obsolete.insert(out.obsolete.end(), dropped.begin(), dropped.end());
    auto location = attempt.write(*next, metadata_name(number_after(version.location)), next);
    out.swaps.push_back({name, version.location, location});
    version = {std::move(location), std::move(next)};
  }
  out.result.changed = !out.swaps.empty();
  return out;
}

CommitResult Committer::commit(const std::map<TableName, TableChange>& changes) {
  const std::lock_guard lock(mutex_);
  for (int tries = 1; tries <= kMaxAttempts; ++tries) {
    CommitAttempt attempt(files_);
    Attempted attempted;
    try {
      attempted = prepare(changes, attempt);
    } catch (...) {
      attempt.discard();
      throw;
    }
    attempted.result.attempts = tries;
    if (!attempted.result.changed) return attempted.result;
    if (swap(attempted.swaps, attempt) == Catalog::Outcome::kDone) {
      for (const auto& uri : attempted.obsolete) {
        try {
          files_.remove(uri);
        } catch (const Error&) {
          // The commit stands whatever becomes of metadata that nobody needs any more.
        }
      }
      return attempted.result;
    }
    pause_before(tries);
  }
  std::string names;
  for (const auto& [name, change] : changes) names += " " + name.to_string();
  throw Error(ErrorKind::kUnavailable, "cannot commit to" + names + ": other writers were faster " +
                                           std::to_string(kMaxAttempts) +
                                           " times; run the same command again");
}

Catalog::Outcome Committer::swap(const std::vector<Catalog::Swap>& swaps, CommitAttempt& attempt) {
  auto outcome = Catalog::Outcome::kUnknown;
  try {
    outcome = catalog_.swap(swaps);
  } catch (const Error& error) {
    if (changed_nothing(error.kind())) outcome = after_refusal(error, swaps, attempt);
  }
  if (outcome == Catalog::Outcome::kBaseChanged) attempt.discard();
  return outcome == Catalog::Outcome::kUnknown ? settle(swaps) : outcome;
}

/// Looks before it believes the refusal, because removing the files of a commit that did happen
/// would destroy the tables.
Catalog::Outcome Committer::after_refusal(const Error& refusal,
                                          const std::vector<Catalog::Swap>& swaps,
                                          CommitAttempt& attempt) {
  auto outcome = Catalog::Outcome::kUnknown;
  try {
    outcome = look(swaps);
    if (outcome == Catalog::Outcome::kUnknown) attempt.discard();
  } catch (const Error&) {
    // It cannot be asked now: the refusal stands, and the files stay.
  }
  if (outcome != Catalog::Outcome::kUnknown) return outcome;
  throw refusal.within("commit to " + names_of(swaps));
}

/// From here on nothing is deleted: a request that is still under way may publish the files. To
/// send it again is safe, because it takes effect once at most, whoever is first.
Catalog::Outcome Committer::settle(const std::vector<Catalog::Swap>& swaps) {
  std::string reason = "it still shows the state from before the commit";
  for (int looks = 1; looks <= kLooks; ++looks) {
    try {
      auto outcome = look(swaps);
      if (outcome != Catalog::Outcome::kUnknown) return outcome;
      outcome = catalog_.swap(swaps);
      if (outcome == Catalog::Outcome::kDone) return outcome;
      outcome = look(swaps);
      if (outcome != Catalog::Outcome::kUnknown) return outcome;
    } catch (const Error& error) {
      reason = error.what();
    }
    pause_before(looks);
  }
  throw Error(ErrorKind::kUnknownOutcome,
              "commit to " + names_of(swaps) +
                  ": the catalog did not say whether it happened, and cannot be asked now (" +
                  reason +
                  "). Nothing was removed; run the same command again, which goes on from "
                  "what is there");
}

/// kUnknown when the tables are as they were before.
Catalog::Outcome Committer::look(const std::vector<Catalog::Swap>& swaps) {
  auto outcome = Catalog::Outcome::kUnknown;
  for (const auto& [name, from, to] : swaps) {
    const auto now = find(name);
    const auto location = now ? now->location : std::string();
    if (location == to || (now && now->metadata->has_in_log(to))) return Catalog::Outcome::kDone;
    // Somebody else succeeded what we started from, so ours can never take effect any more.
    const bool is_lost =
        location != from && (from.empty() || !now || now->metadata->has_in_log(from));
    if (is_lost) outcome = Catalog::Outcome::kBaseChanged;
  }
  return outcome;
}

void Committer::pause_before(int attempt) {
  const auto longest = std::min(kLongestPauseMs, kFirstPauseMs << std::min(attempt, 10));
  const auto jittered = random_bits() % static_cast<std::uint64_t>(longest) + 1;
  clock_.sleep_for(Duration(static_cast<std::int64_t>(jittered)), {});
}

}  // namespace finops::lake
