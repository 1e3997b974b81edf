#include "finops/lake/memory/memory_catalog.h"

namespace finops::lake {

std::vector<TableName> MemoryCatalog::tables() {
  const std::lock_guard lock(mutex_);
  std::vector<TableName> names;
  for (const auto& [name, location] : locations_) names.push_back(name);
  return names;
}

std::optional<std::string> MemoryCatalog::metadata_location(const TableName& table) {
  const std::lock_guard lock(mutex_);
  const auto it = locations_.find(table);
  return it == locations_.end() ? std::nullopt : std::optional(it->second);
}

Catalog::Outcome MemoryCatalog::swap(const std::vector<Swap>& swaps) {
  const std::lock_guard lock(mutex_);
  auto next = locations_;
  for (const auto& [table, from, to] : swaps) {
    auto& location = next[table];  // empty: no such table
    if (location != from) return Outcome::kBaseChanged;
    location = to;
  }
  locations_ = std::move(next);
  return Outcome::kDone;
}

}  // namespace finops::lake
