#include "finops/stores/faulty/faulty_store.h"

#include <gtest/gtest.h>

#include <functional>

#include "finops/stores/memory/memory_store.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using Fault = FaultPlan::Fault;
using Effect = FaultPlan::Effect;
using Moment = FaultPlan::Moment;

void write_everything(ObjectStore& store) {
  put_text(store, "a", "1");
  put_if_absent(store, "b", "2");
  store.copy("a", "c");
  store.remove("a");
}

std::string keys_of(ObjectStore& store) {
  std::string keys;
  for (const ObjectInfo& object : store.list("")) keys += object.key;
  return keys;
}

TEST(FaultyStoreTest, CountsDurableCallsOnly) {
  MemoryStore memory;
  const auto plan = std::make_shared<FaultPlan>();
  FaultyStore store(memory, plan);
  write_everything(store);
  store.stat("b");
  read_all(store, "b", 10);
  store.list_level("");
  EXPECT_EQ(plan->steps(), (std::vector<std::string>{"put a", "create b", "copy a c", "remove a"}));
}

TEST(FaultyStoreTest, BreaksEachDurableCallBeforeOrAfterItHappens) {
  const std::string before[] = {"", "a", "ab", "abc"}, after[] = {"a", "ab", "abc", "bc"};
  for (std::uint64_t n = 1; n <= 4; ++n) {
    for (const Moment moment : {Moment::kBefore, Moment::kAfter}) {
      MemoryStore memory;
      FaultyStore store(memory, std::make_shared<FaultPlan>(
                                    Fault{Effect::kFail, moment, n, ErrorKind::kUnknownOutcome}));
      EXPECT_EQ(kind_thrown_by([&] { write_everything(store); }), ErrorKind::kUnknownOutcome);
      EXPECT_EQ(keys_of(memory), (moment == Moment::kBefore ? before : after)[n - 1]);
    }
  }
}

TEST(FaultyStoreTest, WithoutAPlanTheStoreIsNotWrapped) {
  auto memory = std::make_unique<MemoryStore>();
  const ObjectStore* inner = memory.get();
  EXPECT_EQ(with_faults(std::move(memory), nullptr).get(), inner);
}

}  // namespace
}  // namespace finops
