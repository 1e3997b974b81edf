#include "finops/medallion/silver_packs.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "finops/core/error.h"
#include "finops/medallion/query_results.h"

namespace finops::medallion {
namespace {

using Json = nlohmann::ordered_json;
using Codes = std::map<std::string, std::int64_t>;

Json money_to_json(const std::vector<MoneyProof>& money) {
  Json list = Json::array();
  for (const auto& proof : money) {
    list.push_back({{"column", proof.column},
                    {"currency", proof.currency},
                    {"bronze", proof.bronze.to_string()},
                    {"silver", proof.silver.to_string()},
                    {"quarantined", proof.quarantined.to_string()}});
  }
  return list;
}

Json counts_to_json(const RowCounts& counts) {
  return {{"bronze_rows", counts.bronze_rows},
          {"valid_rows", counts.valid_rows},
          {"quarantined_rows", counts.quarantined_rows},
          {"reasons", counts.reasons},
          {"flags", counts.flags},
          {"money", money_to_json(counts.money)}};
}

RowCounts counts_from(const Json& json) {
  RowCounts counts;
  counts.bronze_rows = json.at("bronze_rows");
  counts.valid_rows = json.at("valid_rows");
  counts.quarantined_rows = json.at("quarantined_rows");
  counts.reasons = json.at("reasons").get<Codes>();
  counts.flags = json.at("flags").get<Codes>();
  for (const auto& proof : json.at("money")) {
    counts.money.push_back({proof.at("column"), proof.at("currency"),
                            decimal_of(proof.at("bronze")), decimal_of(proof.at("silver")),
                            decimal_of(proof.at("quarantined"))});
  }
  return counts;
}

/// A text alone is the one key that a pack had before there were partitions.
std::set<std::string> keys_from(const Json& json) {
  if (!json.is_string()) return json.get<std::set<std::string>>();
  std::set<std::string> keys = {json.get<std::string>()};
  keys.erase("");
  return keys;
}

void add(const Codes& codes, Codes& total) {
  for (const auto& [code, rows] : codes) total[code] += rows;
}

void add(const MoneyProof& proof, std::vector<MoneyProof>& total) {
  const auto it = std::ranges::find_if(total, [&](const MoneyProof& known) {
    return known.column == proof.column && known.currency == proof.currency;
  });
  if (it == total.end()) {
    total.push_back(proof);
    return;
  }
  it->bronze = it->bronze + proof.bronze;
  it->silver = it->silver + proof.silver;
  it->quarantined = it->quarantined + proof.quarantined;
}

}  // namespace

std::string version_of(const LandedFile& file) {
  return file.sha256 + "@" + std::to_string(file.ingestion_time);
}

PackPlan plan_packs(const std::vector<Pack>& packs, const std::vector<LandedFile>& landed,
                    const std::set<std::string>& also) {
  PackPlan plan;
  const auto is_small = [](const Pack& pack) { return pack.counts.bronze_rows < kPackRows / 4; };
  const bool merges =
      static_cast<std::size_t>(std::ranges::count_if(packs, is_small)) > kMostSmallPacks;
  std::map<std::string, const LandedFile*> left;
  for (const auto& file : landed) left[file.file] = &file;
  for (const Pack& pack : packs) {
    bool stays = !merges || !is_small(pack);
    for (const auto& [name, version] : pack.files) {
      const auto it = left.find(name);
      const bool is_same = it != left.end() && version_of(*it->second) == version;
      if (!is_same) plan.changed_files.insert(name);
      stays = stays && is_same && !also.contains(name);
    }
    (stays ? plan.stay : plan.go).push_back(pack);
    if (!stays) continue;
    for (const auto& [name, version] : pack.files) left.erase(name);
  }
  for (const auto& [name, file] : left) {
    const bool is_known = std::ranges::any_of(
        plan.go, [&, &key = name](const Pack& pack) { return pack.files.contains(key); });
    if (!is_known) plan.changed_files.insert(name);
  }
  std::int64_t rows = 0;
  for (const auto& [name, file] : left) {
    if (plan.make.empty() || rows + file->rows > kPackRows) {
      plan.make.emplace_back();
      rows = 0;
    }
    plan.make.back().push_back(*file);
    rows += file->rows;
  }
  return plan;
}

RowCounts total_of(const std::vector<Pack>& packs) {
  RowCounts total;
  for (const Pack& pack : packs) {
    total.bronze_rows += pack.counts.bronze_rows;
    total.valid_rows += pack.counts.valid_rows;
    total.quarantined_rows += pack.counts.quarantined_rows;
    add(pack.counts.reasons, total.reasons);
    add(pack.counts.flags, total.flags);
    for (const auto& proof : pack.counts.money) add(proof, total.money);
  }
  std::ranges::stable_sort(total.money, {}, &MoneyProof::currency);
  return total;
}

std::string packs_to_json(const std::vector<Pack>& packs) {
  Json list = Json::array();
  for (const Pack& pack : packs) {
    list.push_back({{"files", pack.files},
                    {"silver", pack.silver_keys},
                    {"quarantine", pack.quarantine_keys},
                    {"counts", counts_to_json(pack.counts)}});
  }
  return list.dump();
}

std::vector<Pack> packs_from_json(const std::string& json) {
  try {
    std::vector<Pack> packs;
    for (const auto& from : Json::parse(json)) {
      Pack& pack = packs.emplace_back();
      pack.files = from.at("files").get<std::map<std::string, std::string>>();
      pack.silver_keys = keys_from(from.at("silver"));
      pack.quarantine_keys = keys_from(from.at("quarantine"));
      pack.counts = counts_from(from.at("counts"));
    }
    return packs;
  } catch (const nlohmann::json::exception& error) {
    throw Error(
        ErrorKind::kInvalidData,
        std::string("the lake's table_states has packs that are not finops': ") + error.what());
  }
}

}  // namespace finops::medallion
