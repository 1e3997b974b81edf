#include "tests/chaos/fault_tally.h"

#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

namespace finops::chaos {
namespace {

std::string object_of(std::string_view call, std::string_view key) {
  const auto has = [&](std::string_view part) { return key.find(part) != std::string_view::npos; };
  if (call == "swap") return "catalog";
  if (call == "rename" || call == "unlink") return has("/staging/") ? "staging" : "views";
  if (key.ends_with(".metadata.json")) return "metadata";
  if (has("/metadata/snap-")) return "manifest list";
  if (has("/metadata/")) return "manifest";
  if (has("billing/deliveries/")) return "ledger";
  if (has("_quarantine/")) return "quarantine";
  return "data file";
}

}  // namespace

std::string_view to_string(Break how) {
  switch (how) {
    case Break::kRefused: return "refused";
    case Break::kLostReply: return "lost_reply";
    case Break::kDeathBefore: return "death_before";
    default: return "death_after";
  }
}

HitPlace hit_place(std::string_view step) {
  const std::string_view call = step.substr(0, step.find(' '));
  const std::string_view key = step.substr(std::min(step.rfind(' ') + 1, step.size()));
  return {std::string(call), object_of(call, key)};
}

void FaultTally::add(const HitPlace& place, Break how, const std::string& work) {
  const std::lock_guard lock(mutex_);
  ++counts_[place][how];
  ++works_[work];
}

std::uint64_t FaultTally::total() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t total = 0;
  for (const auto& [place, breaks] : counts_) {
    for (const auto& [how, count] : breaks) total += count;
  }
  return total;
}

std::string FaultTally::to_table() const {
  std::ostringstream out;
  out << std::left << std::setw(8) << "call" << std::setw(15) << "object" << std::right;
  for (const Break how : kAllBreaks) out << std::setw(14) << to_string(how);
  out << "\n";
  const std::lock_guard lock(mutex_);
  for (const auto& [place, breaks] : counts_) {
    out << std::left << std::setw(8) << place.call << std::setw(15) << place.object << std::right;
    for (const Break how : kAllBreaks) {
      const auto it = breaks.find(how);
      out << std::setw(14) << (it == breaks.end() ? 0 : it->second);
    }
    out << "\n";
  }
  out << "in";
  for (const auto& [work, count] : works_) out << "  " << work << " " << count;
  out << "\n";
  return out.str();
}

std::string FaultTally::to_json() const {
  nlohmann::ordered_json json = {{"total", total()}, {"hits", nlohmann::ordered_json::array()}};
  const std::lock_guard lock(mutex_);
  for (const auto& [place, breaks] : counts_) {
    nlohmann::ordered_json hit = {{"call", place.call}, {"object", place.object}};
    for (const Break how : kAllBreaks) {
      const auto it = breaks.find(how);
      hit[std::string(to_string(how))] = it == breaks.end() ? 0 : it->second;
    }
    json["hits"].push_back(std::move(hit));
  }
  json["works"] = works_;
  return json.dump();
}

}  // namespace finops::chaos
