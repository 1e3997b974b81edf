#include "finops/stores/faulty/faulty_store.h"

#include <string>
#include <utility>

namespace finops {
namespace {

class FaultyWriter : public ByteWriter {
 public:
  FaultyWriter(std::unique_ptr<ByteWriter> writer, std::shared_ptr<FaultPlan> plan,
               std::string step)
      : writer_(std::move(writer)), plan_(std::move(plan)), step_(std::move(step)) {}

  void write(std::span<const std::byte> bytes) override { writer_->write(bytes); }
  void finish() override {
    plan_->run(step_, [&] { writer_->finish(); });
  }

 private:
  const std::unique_ptr<ByteWriter> writer_;
  const std::shared_ptr<FaultPlan> plan_;
  const std::string step_;
};

class OwningFaultyStore : public FaultyStore {
 public:
  OwningFaultyStore(std::shared_ptr<ObjectStore> store, std::shared_ptr<FaultPlan> plan)
      : FaultyStore(*store, std::move(plan)), owned_(std::move(store)) {}

 private:
  const std::shared_ptr<ObjectStore> owned_;
};

std::string step(std::string_view call, std::string_view key) {
  return std::string(call) + " " + std::string(key);
}

}  // namespace

FaultyStore::FaultyStore(ObjectStore& store, std::shared_ptr<FaultPlan> plan)
    : store_(store), plan_(std::move(plan)) {}

std::vector<ObjectInfo> FaultyStore::list(std::string_view prefix) { return store_.list(prefix); }

Listing FaultyStore::list_level(std::string_view prefix) { return store_.list_level(prefix); }

std::optional<ObjectInfo> FaultyStore::stat(std::string_view key) { return store_.stat(key); }

std::unique_ptr<ByteReader> FaultyStore::open(std::string_view key, const ReadOptions& options) {
  return store_.open(key, options);
}

void FaultyStore::put(std::string_view key, std::span<const std::byte> content) {
  plan_->run(step("put", key), [&] { store_.put(key, content); });
}

std::unique_ptr<ByteWriter> FaultyStore::create(std::string_view key) {
  return std::make_unique<FaultyWriter>(store_.create(key), plan_, step("create", key));
}

void FaultyStore::copy(std::string_view from, std::string_view to) {
  plan_->run(step("copy " + std::string(from), to), [&] { store_.copy(from, to); });
}

void FaultyStore::remove(std::string_view key) {
  plan_->run(step("remove", key), [&] { store_.remove(key); });
}

std::shared_ptr<ObjectStore> with_faults(std::shared_ptr<ObjectStore> store,
                                         std::shared_ptr<FaultPlan> plan) {
  if (!plan) return store;
  return std::make_shared<OwningFaultyStore>(std::move(store), std::move(plan));
}

}  // namespace finops
