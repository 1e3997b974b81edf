#pragma once

#include <map>
#include <mutex>
#include <string>

#include "finops/lake/catalog.h"

namespace finops::lake {

/// A Catalog for tests and for trying things out, gone with the object. It passes the contract of
/// the real ones.
class MemoryCatalog : public Catalog {
 public:
  std::vector<TableName> tables() override;
  std::optional<std::string> metadata_location(const TableName& table) override;
  Outcome swap(const std::vector<Swap>& swaps) override;

 private:
  std::mutex mutex_;
  std::map<TableName, std::string> locations_;
};

}  // namespace finops::lake
