#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "finops/core/error.h"
#include "finops/lake/catalog.h"

namespace finops::lake {

/// Another catalog whose next swap is done by a test's own hands: `next_swap` is called once
/// instead of it, with the swap as a function. While `is_unreachable`, every call throws
/// kUnavailable.
class HookedCatalog : public Catalog {
 public:
  using SwapCall = std::function<Outcome()>;

  explicit HookedCatalog(std::shared_ptr<Catalog> catalog) : catalog_(std::move(catalog)) {}

  std::vector<TableName> tables() override {
    check();
    return catalog_->tables();
  }
  std::optional<std::string> metadata_location(const TableName& table) override {
    check();
    return catalog_->metadata_location(table);
  }
  Outcome swap(const std::vector<Swap>& swaps) override {
    check();
    ++swaps_seen;
    if (next_swap == nullptr) return catalog_->swap(swaps);
    const auto hook = std::exchange(next_swap, nullptr);
    return hook([&] { return catalog_->swap(swaps); });
  }

  std::function<Outcome(const SwapCall&)> next_swap;
  bool is_unreachable = false;
  int swaps_seen = 0;

 private:
  void check() const {
    if (is_unreachable) throw Error(ErrorKind::kUnavailable, "the catalog cannot be reached");
  }

  const std::shared_ptr<Catalog> catalog_;
};

}  // namespace finops::lake
