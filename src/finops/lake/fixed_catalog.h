#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "finops/core/error.h"
#include "finops/lake/catalog.h"

namespace finops::lake {

/// A catalog that never changes: the lake as certain metadata files show it.
class FixedCatalog : public Catalog {
 public:
  explicit FixedCatalog(std::map<TableName, std::string> locations)
      : locations_(std::move(locations)) {}

  std::vector<TableName> tables() override {
    std::vector<TableName> names;
    for (const auto& [name, location] : locations_) names.push_back(name);
    return names;
  }
  std::optional<std::string> metadata_location(const TableName& table) override {
    const auto it = locations_.find(table);
    return it == locations_.end() ? std::nullopt : std::optional(it->second);
  }
  Outcome swap(const std::vector<Swap>&) override {
    throw Error(ErrorKind::kInternal, "a past state of the lake cannot be changed");
  }

 private:
  const std::map<TableName, std::string> locations_;
};

}  // namespace finops::lake
