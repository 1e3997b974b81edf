#pragma once

#include <memory>

#include "finops/stores/fault_plan.h"
#include "finops/stores/object_store.h"

namespace finops {

/// Another store whose durable calls (put, create's finish, copy, remove) run under a plan of
/// faults: "put KEY", "create KEY", "copy FROM TO", "remove KEY". Everything else is passed on. A
/// test hook.
class FaultyStore : public ObjectStore {
 public:
  /// `store` must outlive this one.
  FaultyStore(ObjectStore& store, std::shared_ptr<FaultPlan> plan);

  std::vector<ObjectInfo> list(std::string_view prefix) override;
  Listing list_level(std::string_view prefix) override;
  std::optional<ObjectInfo> stat(std::string_view key) override;
  std::unique_ptr<ByteReader> open(std::string_view key, const ReadOptions& options) override;
  void put(std::string_view key, std::span<const std::byte> content) override;
  std::unique_ptr<ByteWriter> create(std::string_view key) override;
  void copy(std::string_view from, std::string_view to) override;
  void remove(std::string_view key) override;

 private:
  ObjectStore& store_;
  const std::shared_ptr<FaultPlan> plan_;
};

/// The same, owning the store that it wraps; the store itself when there is no plan.
std::shared_ptr<ObjectStore> with_faults(std::shared_ptr<ObjectStore> store,
                                         std::shared_ptr<FaultPlan> plan);

}  // namespace finops
