#include "finops/stores/object_store.h"

#include <gtest/gtest.h>

#include "finops/stores/memory/memory_store.h"

namespace finops {
namespace {

TEST(ObjectStoreTest, RandomReadsAskForTheirRangeOnly) {
  MemoryStore store;
  put_text(store, "k", "0123456789");
  const auto bytes = open_random(store, "k");
  std::string text(2, '?');
  bytes->read_at(3, std::as_writable_bytes(std::span(text)));
  EXPECT_EQ(text, "34");
  EXPECT_EQ(store.calls(), (std::vector<std::string>{"put k", "stat k", "open k"}));
}

TEST(ObjectStoreTest, ReadAllReturnsContentOfManyBlocks) {
  MemoryStore store;
  const std::string content(7'000'001, 'x');
  put_text(store, "k", content);
  EXPECT_TRUE(read_all(store, "k", content.size()) == content);
}

}  // namespace
}  // namespace finops
